package weir.clients;

import java.io.File;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Runs the steps of a client test one by one; every difference is told, and the exit code says whether there was one. */
final class Steps {
  private final String client;
  private final Map<String, Step> steps = new LinkedHashMap<>();

  Steps(String client) {
    this.client = client;
  }

  interface Step {
    void run() throws Exception;
  }

  void add(String name, Step step) {
    steps.put(name, step);
  }

  void run() {
    int failed = 0;
    for (Map.Entry<String, Step> entry : steps.entrySet()) {
      try {
        entry.getValue().run();
        System.out.println("ok     " + client + " " + entry.getKey());
      } catch (Throwable difference) {
        failed++;
        System.out.println("FAILED " + client + " " + entry.getKey() + ": " + difference);
        difference.printStackTrace(System.out);
      }
    }
    System.exit(failed == 0 ? 0 : 1);
  }

  static void check(String what, Object expected, Object got) {
    if (!Objects.equals(expected, got)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + got);
    }
  }

  static void refused(String code, Callable<?> doing) throws Exception {
    Object answer;
    try {
      answer = doing.call();
    } catch (Exception refusal) {
      for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
        if (String.valueOf(cause).contains(code)) {
          return;
        }
      }
      throw new AssertionError("refused, but not with " + code, refusal);
    }
    throw new AssertionError("expected a refusal with " + code + ", got " + answer);
  }

  interface Resolve {
    void incident(long key) throws Exception;
  }

  /** Keys count up within a partition: an incident's key follows that of the job it belongs to. */
  static void resolveIncidentAfter(long jobKey, String notFound, Resolve resolve) throws Exception {
    for (long key = jobKey + 1; key < jobKey + 50; key++) {
      try {
        resolve.incident(key);
        return;
      } catch (Exception refusal) {
        if (!String.valueOf(refusal).contains(notFound)) {
          throw refusal;
        }
      }
    }
    throw new AssertionError("no incident was found");
  }

  static String model(String name) {
    return new File(System.getenv().getOrDefault("WEIR_MODELS", "../models"), name + ".bpmn").getPath();
  }
}

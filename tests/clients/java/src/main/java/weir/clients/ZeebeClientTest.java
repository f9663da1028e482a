package weir.clients;

import static weir.clients.Steps.check;
import static weir.clients.Steps.model;
import static weir.clients.Steps.refused;

import io.camunda.zeebe.client.ZeebeClient;
import io.camunda.zeebe.client.api.response.ActivatedJob;
import io.camunda.zeebe.client.api.response.DeploymentEvent;
import io.camunda.zeebe.client.api.response.ProcessInstanceEvent;
import io.camunda.zeebe.client.api.response.ProcessInstanceResult;
import io.camunda.zeebe.client.api.worker.JobHandler;
import io.camunda.zeebe.client.api.worker.JobWorker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** zeebe-client-java (gRPC) against Weir, as a user would write it. */
public final class ZeebeClientTest {
  private final ZeebeClient client;

  private ZeebeClientTest(ZeebeClient client) {
    this.client = client;
  }

  public static void main(String[] arguments) {
    URI grpc = URI.create("http://" + System.getenv().getOrDefault("ZEEBE_ADDRESS", "127.0.0.1:26500"));
    URI rest = URI.create(System.getenv().getOrDefault("WEIR_REST_ADDRESS", "http://127.0.0.1:8080"));
    try (ZeebeClient client = ZeebeClient.newClientBuilder().grpcAddress(grpc).restAddress(rest).usePlaintext().build()) {
      new ZeebeClientTest(client).steps("zeebe-client-java").run();
    }
  }

  private Steps steps(String name) {
    Steps steps = new Steps(name);
    steps.add("topology", () -> check("has brokers", false, client.newTopologyRequest().send().join().getBrokers().isEmpty()));
    steps.add("deploy", this::deploy);
    steps.add("unknown", this::unknown);
    steps.add("poll", () -> work(false));
    steps.add("stream", () -> work(true));
    steps.add("retry", this::retry);
    steps.add("error", this::error);
    steps.add("message", this::message);
    steps.add("timer", this::timer);
    steps.add("cancel", this::cancel);
    steps.add("incident", this::incident);
    return steps;
  }

  private void deploy() throws Exception {
    DeploymentEvent deployment =
        client
            .newDeployResourceCommand()
            .addResourceFile(model("one-task"))
            .addResourceFile(model("caught-error"))
            .addResourceFile(model("wait-for-message"))
            .addResourceFile(model("wait-for-timer"))
            .send()
            .join();
    check("processes", 4, deployment.getProcesses().size());
    byte[] broken = java.nio.file.Files.readString(java.nio.file.Path.of(model("one-task"))).replace("targetRef=\"end\"", "targetRef=\"nowhere\"").getBytes();
    refused("INVALID_ARGUMENT", () -> client.newDeployResourceCommand().addResourceBytes(broken, "broken.bpmn").send().join());
  }

  private void unknown() throws Exception {
    refused("NOT_FOUND", () -> client.newCreateInstanceCommand().bpmnProcessId("no-such-process").latestVersion().send().join());
    refused("NOT_FOUND", () -> client.newCancelInstanceCommand(2251800813685247L).send().join());
  }

  private ProcessInstanceResult withResult(String id, Map<String, Object> variables) {
    return client
        .newCreateInstanceCommand()
        .bpmnProcessId(id)
        .latestVersion()
        .variables(variables)
        .withResult()
        .requestTimeout(Duration.ofSeconds(10))
        .send()
        .join(15, TimeUnit.SECONDS);
  }

  private <T> T working(String type, JobHandler handler, boolean stream, Callable<T> during) throws Exception {
    try (JobWorker worker =
        client.newWorker().jobType(type).handler(handler).timeout(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(50)).requestTimeout(Duration.ofMillis(500)).streamEnabled(stream).open()) {
      if (stream) {
        Thread.sleep(500);
      }
      return during.call();
    } finally {
      // A closed worker still works on what its last poll brings; it must not take the next step's jobs.
      Thread.sleep(800);
    }
  }

  private void work(boolean stream) throws Exception {
    List<ActivatedJob> jobs = new CopyOnWriteArrayList<>();
    JobHandler handler =
        (worker, job) -> {
          jobs.add(job);
          int amount = (Integer) job.getVariablesAsMap().get("amount");
          worker.newCompleteCommand(job.getKey()).variables(Map.of("total", amount * 2)).send().join();
        };
    Map<String, Object> variables = Map.of("amount", 21, "name", "Ada \u2713", "list", List.of(1, 2.5, true));
    ProcessInstanceResult result = working("work", handler, stream, () -> withResult("one-task", variables));
    check("total", 42, result.getVariablesAsMap().get("total"));
    check("name", "Ada \u2713", result.getVariablesAsMap().get("name"));
    check("list", List.of(1, 2.5, true), result.getVariablesAsMap().get("list"));
    check("jobs", 1, jobs.size());
    check("headers", Map.of("channel", "mail"), jobs.get(0).getCustomHeaders());
    check("element", "task", jobs.get(0).getElementId());
    check("retries", 3, jobs.get(0).getRetries());
  }

  private void retry() throws Exception {
    List<Integer> retries = new CopyOnWriteArrayList<>();
    JobHandler handler =
        (worker, job) -> {
          retries.add(job.getRetries());
          if (retries.size() == 1) {
            worker.newFailCommand(job.getKey()).retries(job.getRetries() - 1).retryBackoff(Duration.ofMillis(200)).errorMessage("mail server away").send().join();
          } else {
            worker.newCompleteCommand(job.getKey()).variables(Map.of("attempts", retries.size())).send().join();
          }
        };
    ProcessInstanceResult result = working("work", handler, false, () -> withResult("one-task", Map.of()));
    check("attempts", 2, result.getVariablesAsMap().get("attempts"));
    check("retries count down", List.of(3, 2), List.copyOf(retries));
  }

  private void error() throws Exception {
    JobHandler charge =
        (worker, job) -> worker.newThrowErrorCommand(job.getKey()).errorCode("CARD_DECLINED").errorMessage("declined").variables(Map.of("reason", "no money")).send().join();
    JobHandler repair =
        (worker, job) -> worker.newCompleteCommand(job.getKey()).variables(Map.of("repaired", true, "why", job.getVariablesAsMap().get("reason"))).send().join();
    ProcessInstanceResult result = working("charge", charge, false, () -> working("repair", repair, false, () -> withResult("caught-error", Map.of())));
    check("the other way was taken", true, result.getVariablesAsMap().get("repaired"));
    check("the error's variables are seen", "no money", result.getVariablesAsMap().get("why"));
  }

  private void message() throws Exception {
    String order = "ZeebeClientTest-1";
    client.newPublishMessageCommand().messageName("payment-received").correlationKey(order).messageId("message-1").timeToLive(Duration.ofMinutes(1)).variables(Map.of("paid", 42)).send().join();
    refused("ALREADY_EXISTS", () -> client.newPublishMessageCommand().messageName("payment-received").correlationKey(order).messageId("message-1").timeToLive(Duration.ofMinutes(1)).send().join());
    ProcessInstanceResult result = withResult("wait-for-message", Map.of("orderId", order));
    check("paid", 42, result.getVariablesAsMap().get("paid"));
  }

  private void timer() {
    long start = System.nanoTime();
    withResult("wait-for-timer", Map.of());
    long took = (System.nanoTime() - start) / 1_000_000;
    check("a timer of one second took " + took + " ms", true, took >= 950 && took < 4000);
  }

  private long start(String id) {
    ProcessInstanceEvent instance = client.newCreateInstanceCommand().bpmnProcessId(id).latestVersion().send().join();
    return instance.getProcessInstanceKey();
  }

  private void cancel() throws Exception {
    long instance = start("one-task");
    client.newCancelInstanceCommand(instance).send().join();
    refused("NOT_FOUND", () -> client.newCancelInstanceCommand(instance).send().join());
  }

  private ActivatedJob activate() {
    List<ActivatedJob> jobs = client.newActivateJobsCommand().jobType("work").maxJobsToActivate(1).workerName("java").timeout(Duration.ofMinutes(1)).requestTimeout(Duration.ofSeconds(5)).send().join().getJobs();
    check("jobs", 1, jobs.size());
    return jobs.get(0);
  }

  private void incident() throws Exception {
    long instance = start("one-task");
    ActivatedJob job = activate();
    check("instance", instance, job.getProcessInstanceKey());
    client.newFailCommand(job.getKey()).retries(0).errorMessage("broken").send().join();
    refused("FAILED_PRECONDITION", () -> client.newCompleteCommand(job.getKey()).send().join());
    client.newSetVariablesCommand(instance).variables(Map.of("fixed", true)).send().join();
    client.newUpdateRetriesCommand(job.getKey()).retries(1).send().join();
    Steps.resolveIncidentAfter(job.getKey(), "NOT_FOUND", key -> client.newResolveIncidentCommand(key).send().join());
    ActivatedJob again = activate();
    check("the same job", job.getKey(), again.getKey());
    check("the fix is seen", true, again.getVariablesAsMap().get("fixed"));
    client.newCompleteCommand(again.getKey()).send().join();
    refused("NOT_FOUND", () -> client.newCompleteCommand(again.getKey()).send().join());
    refused("NOT_FOUND", () -> client.newCancelInstanceCommand(instance).send().join());
  }
}

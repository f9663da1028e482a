import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.camunda.dmn.DmnEngine;
import org.camunda.feel.FeelEngine;
import org.camunda.feel.context.Context;
import org.camunda.feel.syntaxtree.Val;
import org.camunda.feel.valuemapper.JavaCustomValueMapper;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Times feel-scala and dmn-scala. Standard input is one JSON object {"rounds", "window_ms", "context", "expressions": [],
 * "tables": [{"name", "model", "decision", "input"}]}; output is a line {"what", "mode", "ns"} for each: the fewest
 * nanoseconds of CPU time of the evaluating thread in any window, after all were warmed up.
 */
public final class Bench {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private record Task(String what, String mode, Runnable once, double[] best) {}

  /** What a task gives goes here, so that no work is left out. */
  private static Object seen;

  public static void main(String[] arguments) throws Exception {
    ObjectMapper json =
        new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    Map<?, ?> job = json.readValue(System.in, Map.class);
    List<Task> tasks = new ArrayList<>();
    addExpressions(job, tasks);
    addTables(job, tasks);
    int rounds = ((Number) job.get("rounds")).intValue();
    long window = ((Number) job.get("window_ms")).longValue() * 1_000_000;
    // Twice: what is compiled late changes what was measured early.
    for (int warmUp = 0; warmUp < 2; warmUp++) {
      for (Task task : tasks) {
        measure(task.once, window * 4);
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (Task task : tasks) {
        task.best[0] = Math.min(task.best[0], measure(task.once, window));
      }
    }
    for (Task task : tasks) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("what", task.what);
      line.put("mode", task.mode);
      line.put("ns", task.best[0]);
      System.out.println(json.writeValueAsString(line));
    }
  }

  private static double measure(Runnable once, long windowNs) {
    long begin = THREADS.getCurrentThreadCpuTime();
    long count = 0;
    long spent = 0;
    while (spent < windowNs) {
      for (int i = 0; i < 20; i++) {
        once.run();
      }
      count += 20;
      spent = THREADS.getCurrentThreadCpuTime() - begin;
    }
    return (double) spent / count;
  }

  private static void addExpressions(Map<?, ?> job, List<Task> tasks) {
    FeelEngine engine = new FeelEngine.Builder().customValueMapper(new KeepValues()).build();
    Map<String, Object> variables = new LinkedHashMap<>();
    ((Map<?, ?>) job.get("context"))
        .forEach((name, value) -> variables.put((String) name, engine.valueMapper().toVal(decimals(value))));
    Context context =
        new Context.StaticContext(
            scala.collection.immutable.Map.from(CollectionConverters.asScala(variables)),
            scala.collection.immutable.Map$.MODULE$.empty());
    for (Object each : (List<?>) job.get("expressions")) {
      String text = (String) each;
      var parsed = engine.parseExpression(text).toOption().get();
      if (engine.evaluate(parsed, context).isFailure()) {
        throw new IllegalStateException(text);
      }
      tasks.add(task(text, "evaluate", () -> seen = engine.evaluate(parsed, context)));
      tasks.add(task(text, "compile", () -> seen = engine.parseExpression(text)));
    }
  }

  private static void addTables(Map<?, ?> job, List<Task> tasks) {
    DmnEngine engine = new DmnEngine.Builder().build();
    for (Object each : (List<?>) job.get("tables")) {
      Map<?, ?> table = (Map<?, ?>) each;
      String decision = (String) table.get("decision");
      Map<String, Object> input = new LinkedHashMap<>();
      ((Map<?, ?>) table.get("input")).forEach((name, value) -> input.put((String) name, decimals(value)));
      InputStream model =
          new ByteArrayInputStream(((String) table.get("model")).getBytes(StandardCharsets.UTF_8));
      var parsed = right(engine.parse(model));
      if (right(engine.eval(parsed, decision, input)).isNil()) {
        throw new IllegalStateException("no rule matches");
      }
      String name = (String) table.get("name");
      tasks.add(task(name, "evaluate", () -> seen = engine.eval(parsed, decision, input)));
    }
  }

  private static <T> T right(scala.util.Either<?, T> result) {
    if (result.isLeft()) {
      throw new IllegalStateException(result.toString());
    }
    return result.toOption().get();
  }

  private static Task task(String what, String mode, Runnable once) {
    return new Task(what, mode, once, new double[] {Double.MAX_VALUE});
  }

  /** As a broker gives variables to FEEL: every number is a decimal. */
  private static Object decimals(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> result = new LinkedHashMap<>();
      map.forEach((name, entry) -> result.put(name, decimals(entry)));
      return result;
    }
    if (value instanceof List<?> list) {
      return new ArrayList<>(list.stream().map(Bench::decimals).toList());
    }
    if (value instanceof BigDecimal) {
      return value;
    }
    return value instanceof Number number ? new BigDecimal(number.toString()) : value;
  }

  /** Leaves results as FEEL values: turning them into Java's is not what is timed. */
  private static final class KeepValues extends JavaCustomValueMapper {
    @Override
    public Optional<Val> toValue(Object value, Function<Object, Val> inner) {
      return value instanceof Val kept ? Optional.of(kept) : Optional.empty();
    }

    @Override
    public Optional<Object> unpackValue(Val value, Function<Val, Object> inner) {
      return Optional.of(value);
    }
  }
}

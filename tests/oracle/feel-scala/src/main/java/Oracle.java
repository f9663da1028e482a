import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.camunda.feel.FeelEngine;
import org.camunda.feel.api.EvaluationFailure;
import org.camunda.feel.api.EvaluationResult;
import org.camunda.feel.context.Context;
import org.camunda.feel.context.JavaFunction;
import org.camunda.feel.context.JavaFunctionProvider;
import org.camunda.feel.syntaxtree.Val;
import org.camunda.feel.syntaxtree.ValBoolean;
import org.camunda.feel.syntaxtree.ValContext;
import org.camunda.feel.syntaxtree.ValDate;
import org.camunda.feel.syntaxtree.ValDateTime;
import org.camunda.feel.syntaxtree.ValDayTimeDuration;
import org.camunda.feel.syntaxtree.ValList;
import org.camunda.feel.syntaxtree.ValError;
import org.camunda.feel.syntaxtree.ValLocalDateTime;
import org.camunda.feel.syntaxtree.ValLocalTime;
import org.camunda.feel.syntaxtree.ValNull$;
import org.camunda.feel.syntaxtree.ValNumber;
import org.camunda.feel.syntaxtree.ValString;
import org.camunda.feel.syntaxtree.ValTime;
import org.camunda.feel.syntaxtree.ValYearMonthDuration;
import org.camunda.feel.valuemapper.JavaCustomValueMapper;
import scala.jdk.javaapi.CollectionConverters;

/**
 * feel-scala as a process: a JSON object a line in, a JSON object a line out, in the same order.
 *
 * <p>In: {"expr", "kind": "expression" | "unaryTests", "ctx": {}, "input"}. Out: {"result", "type", "warnings"} or
 * {"error", "phase": "parse" | "evaluate" | "host", "warnings"}; "host" is an exception of the host language. Numbers are
 * written in full. The engine is configured as a Camunda 8 broker configures it; the clock stands still.
 */
public final class Oracle {
  private static final ZonedDateTime NOW = ZonedDateTime.parse("2024-06-15T12:00:00Z");

  private final ObjectMapper json =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
  private final FeelEngine engine =
      new FeelEngine.Builder()
          .customValueMapper(new KeepValues())
          .functionProvider(new Cycle())
          .clock(() -> NOW)
          .build();

  public static void main(String[] arguments) throws Exception {
    Oracle oracle = new Oracle();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.print(oracle.reply(line));
      out.print('\n');
      if (!in.ready()) {
        out.flush();
      }
    }
    out.flush();
  }

  private String reply(String line) throws Exception {
    Map<?, ?> request = json.readValue(line, Map.class);
    String text = (String) request.get("expr");
    boolean isTest = "unaryTests".equals(request.get("kind"));
    try {
      var parsed = isTest ? engine.parseUnaryTests(text) : engine.parseExpression(text);
      if (parsed.isLeft()) {
        return failure("parse", parsed.left().get().message(), List.of());
      }
      EvaluationResult result = engine.evaluate(parsed.right().get(), context(request, isTest));
      List<String> warnings = warnings(result);
      if (result.isFailure()) {
        String message = result.failure().message();
        boolean isHost = message.startsWith("failed to evaluate expression '" + text + "' : ");
        return failure(isHost ? "host" : "evaluate", message, warnings);
      }
      Val value = engine.valueMapper().toVal(result.result());
      StringBuilder out = new StringBuilder("{\"result\":");
      write(value, out);
      out.append(",\"type\":").append(quote(type(value)));
      return out.append(",\"warnings\":").append(strings(warnings)).append('}').toString();
    } catch (Exception | StackOverflowError exception) {
      return failure("host", exception.toString(), List.of());
    }
  }

  private Context context(Map<?, ?> request, boolean isTest) {
    Map<String, Object> variables = new LinkedHashMap<>();
    if (request.get("ctx") instanceof Map<?, ?> given) {
      given.forEach((name, value) -> variables.put((String) name, decimals(value)));
    }
    if (isTest && request.containsKey("input")) {
      variables.put("cellInput", decimals(request.get("input")));

    }
    return new Context.StaticContext(
        scala.collection.immutable.Map.from(CollectionConverters.asScala(variables)),
        scala.collection.immutable.Map$.MODULE$.empty());
  }

  /** As a broker gives variables to FEEL: every number is a decimal. */
  private static Object decimals(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> result = new LinkedHashMap<>();
      map.forEach((name, entry) -> result.put(name, decimals(entry)));
      return result;
    }
    if (value instanceof List<?> list) {
      List<Object> result = new ArrayList<>();
      list.forEach(item -> result.add(decimals(item)));
      return result;
    }
    if (value instanceof BigDecimal decimal) {
      return decimal;
    }
    return value instanceof Number number ? new BigDecimal(number.toString()) : value;
  }

  private static List<String> warnings(EvaluationResult result) {
    Set<String> types = new TreeSet<>();
    for (EvaluationFailure failure : result.getSuppressedFailures()) {
      types.add(failure.failureType().toString());
    }
    return List.copyOf(types);
  }

  private static String failure(String phase, String message, List<String> warnings) {
    return "{\"error\":" + quote(message) + ",\"phase\":" + quote(phase) + ",\"warnings\":" + strings(warnings) + "}";
  }

  private void write(Val value, StringBuilder out) {
    if (value instanceof ValNumber number) {
      out.append(number.value().bigDecimal());
    } else if (value instanceof ValBoolean bool) {
      out.append(bool.value());
    } else if (value instanceof ValString string) {
      out.append(quote(string.value()));
    } else if (value instanceof ValList list) {
      out.append('[');
      String separator = "";
      for (Val item : CollectionConverters.asJava(list.itemsAsSeq())) {
        out.append(separator);
        write(item, out);
        separator = ",";
      }
      out.append(']');
    } else if (value instanceof ValContext context) {
      writeContext(context, out);
    } else {
      String text = temporal(value);
      out.append(text == null ? "null" : quote(text));
    }
  }

  private void writeContext(ValContext context, StringBuilder out) {
    Map<String, Object> entries =
        CollectionConverters.asJava(context.context().variableProvider().getVariables());
    out.append('{');
    String separator = "";
    for (Map.Entry<String, Object> entry : entries.entrySet()) {
      out.append(separator).append(quote(entry.getKey())).append(':');
      write(engine.valueMapper().toVal(entry.getValue()), out);
      separator = ",";
    }
    out.append('}');
  }

  /** As a broker stores it; null if it is not temporal. */
  private static String temporal(Val value) {
    if (value instanceof ValDate date) {
      return date.value().format(DateTimeFormatter.ISO_LOCAL_DATE);
    }
    if (value instanceof ValLocalTime time) {
      return time.value().toString();
    }
    if (value instanceof ValTime time) {
      return time.value().format();
    }
    if (value instanceof ValLocalDateTime at) {
      return at.value().format(DateTimeFormatter.ISO_LOCAL_DATE_TIME);
    }
    if (value instanceof ValDateTime at) {
      return at.value().format(DateTimeFormatter.ISO_ZONED_DATE_TIME);
    }
    boolean isDuration = value instanceof ValDayTimeDuration || value instanceof ValYearMonthDuration;
    return isDuration ? value.toString() : null;
  }

  private static String type(Val value) {
    if (value == ValNull$.MODULE$) {
      return "null";
    }
    return switch (value.getClass().getSimpleName()) {
      case "ValNumber" -> "number";
      case "ValBoolean" -> "boolean";
      case "ValString" -> "string";
      case "ValList" -> "list";
      case "ValContext" -> "context";
      case "ValDate" -> "date";
      case "ValTime" -> "time";
      case "ValLocalTime" -> "local time";
      case "ValDateTime" -> "date time";
      case "ValLocalDateTime" -> "local date time";
      case "ValDayTimeDuration" -> "days time duration";
      case "ValYearMonthDuration" -> "years months duration";
      case "ValFunction" -> "function";
      default -> "range";
    };
  }

  private static String strings(List<String> texts) {
    return "[" + String.join(",", texts.stream().map(Oracle::quote).toList()) + "]";
  }

  private static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next == '"' || next == '\\') {
        out.append('\\').append(next);
      } else if (next < ' ' || Character.isSurrogate(next)) {
        out.append(String.format("\\u%04x", (int) next));
      } else {
        out.append(next);
      }
    }
    return out.append('"').toString();
  }

  /** Leaves results as FEEL values, so that their types can be told. */
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

  /** The broker's own function: cycle([repetitions,] interval). */
  private static final class Cycle extends JavaFunctionProvider {
    @Override
    public Optional<JavaFunction> resolveFunction(String name) {
      return Optional.empty();
    }

    @Override
    public List<JavaFunction> resolveFunctions(String name) {
      if (!name.equals("cycle")) {
        return List.of();
      }
      return List.of(
          new JavaFunction(List.of("interval"), given -> cycle("", given.get(0))),
          new JavaFunction(
              List.of("repetitions", "interval"),
              given ->
                  given.get(0) instanceof ValNumber times
                      ? cycle(Integer.toString(times.value().intValue()), given.get(1))
                      : cycle("", given.get(0) == ValNull$.MODULE$ ? given.get(1) : ValNull$.MODULE$)));
    }

    private static Val cycle(String times, Val interval) {
      if (!(interval instanceof ValDayTimeDuration) && !(interval instanceof ValYearMonthDuration)) {
        return new ValError("Illegal arguments");
      }
      return new ValString("R" + times + "/" + interval);
    }

    @Override
    public Collection<String> getFunctionNames() {
      return List.of("cycle");
    }
  }
}

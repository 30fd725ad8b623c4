package peer;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;

/** JSON through the parser that the AWS SDK carries: no dependency of our own. */
final class Json {
    private final Map<String, JsonNode> fields;

    private Json(JsonNode node) {
        this.fields = node.asObject();
    }

    static Json parse(String line) {
        return new Json(JsonNode.parser().parse(line));
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    String text(String name) {
        if (!has(name)) throw new IllegalArgumentException("the request has no " + name);
        return fields.get(name).text();
    }

    byte[] bytes(String name) {
        return Base64.getDecoder().decode(text(name));
    }

    Json object(String name) {
        return new Json(fields.get(name));
    }

    Map<String, String> strings(String name) {
        if (!has(name)) return Map.of();
        return fields.get(name).asObject().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().text()));
    }

    /** Equal requests give equal text, so that clients can be kept by it. */
    @Override
    public String toString() {
        return fields.toString();
    }

    /** Strings, and maps of such. */
    static String write(Map<String, ?> values) {
        JsonWriter writer = JsonWriter.create();
        object(writer, values);
        return new String(writer.getBytes(), StandardCharsets.UTF_8);
    }

    private static void object(JsonWriter writer, Map<String, ?> values) {
        writer.writeStartObject();
        for (Map.Entry<String, ?> entry : values.entrySet()) {
            writer.writeFieldName(entry.getKey());
            if (entry.getValue() instanceof Map<?, ?> inner) {
                @SuppressWarnings("unchecked")
                Map<String, ?> map = (Map<String, ?>) inner;
                object(writer, map);
            } else {
                writer.writeValue((String) entry.getValue());
            }
        }
        writer.writeEndObject();
    }
}

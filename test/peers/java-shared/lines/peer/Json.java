package peer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;

/** JSON through the parser that the AWS SDK carries: no dependency of our own. */
final class Json {
    private final Map<String, JsonNode> fields;

    private Json(Map<String, JsonNode> fields) {
        this.fields = fields;
    }

    private Json(JsonNode node) {
        this(node.asObject());
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

    /** False where it is absent. */
    boolean flag(String name) {
        return has(name) && fields.get(name).asBoolean();
    }

    Json object(String name) {
        if (!has(name)) throw new IllegalArgumentException("the request has no " + name);
        return new Json(fields.get(name));
    }

    /** Without the fields of that object where it is absent. */
    Json options(String name) {
        return has(name) ? object(name) : new Json(Map.of());
    }

    List<String> texts(String name) {
        return fields.get(name).asArray().stream().map(JsonNode::text).toList();
    }

    List<byte[]> blobs(String name) {
        return texts(name).stream().map(Base64.getDecoder()::decode).toList();
    }

    /** These fields as text: what is kept by them is shared by requests that differ in others alone. */
    String only(String... names) {
        return Arrays.stream(names).map(name -> name + "=" + fields.get(name)).collect(Collectors.joining(","));
    }

    Map<String, String> strings(String name) {
        if (!has(name)) return Map.of();
        return fields.get(name).asObject().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().text()));
    }

    /** Strings, maps and lists of such. */
    static String write(Map<String, ?> values) {
        JsonWriter writer = JsonWriter.create();
        object(writer, values);
        return new String(writer.getBytes(), StandardCharsets.UTF_8);
    }

    private static void object(JsonWriter writer, Map<String, ?> values) {
        writer.writeStartObject();
        for (Map.Entry<String, ?> entry : values.entrySet()) {
            writer.writeFieldName(entry.getKey());
            value(writer, entry.getValue());
        }
        writer.writeEndObject();
    }

    private static void value(JsonWriter writer, Object value) {
        if (value instanceof Map<?, ?> map) {
            @SuppressWarnings("unchecked")
            Map<String, ?> inner = (Map<String, ?>) map;
            object(writer, inner);
        } else if (value instanceof List<?> list) {
            writer.writeStartArray();
            list.forEach(item -> value(writer, item));
            writer.writeEndArray();
        } else {
            writer.writeValue((String) value);
        }
    }
}

package org.sftn.conf;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/**
 * The one spelling of all JSON that runs, data sets and models are described by: fields in snake_case, enums in lower case, nothing
 * that is null. docs/files.md lists the files.
 */
public final class Json {
    /** The field with the version of a file's fields. */
    public static final String FORMAT = "format";

    /** Fields may be missing. */
    public static final ObjectMapper OPEN = mapper().build();

    /** Every field must be there. */
    public static final ObjectMapper COMPLETE = mapper().enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private Json() {}

    private static JsonMapper.Builder mapper() {
        return JsonMapper.builder()
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .defaultPropertyInclusion(
                        JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
                // A later version may add fields.
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
                .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
                .enable(SerializationFeature.INDENT_OUTPUT);
    }

    /** The text of a file, for people too. */
    public static byte[] file(Object value) throws JsonProcessingException {
        return (OPEN.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Likewise, beginning with its format. */
    public static byte[] file(int format, Object value) throws JsonProcessingException {
        ObjectNode all = OPEN.createObjectNode();
        all.put(FORMAT, format);
        all.setAll(OPEN.<ObjectNode>valueToTree(value));
        return file(all);
    }

    /** One line. */
    public static String line(Object value) throws JsonProcessingException {
        return OPEN.writer().without(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
    }
}

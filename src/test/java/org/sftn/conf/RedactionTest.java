package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
    @ParameterizedTest
    @CsvSource({
        "s3a://id:secret@bucket/a, s3a://(hidden)@bucket/a",
        // As AWS makes them, not encoded.
        "s3a://AKIA:ab/cd+e@bucket/a, s3a://(hidden)@bucket/a",
        "there is no ftp://me:12345@host/a: gone, there is no ftp://(hidden)@host/a: gone",
        "https://host/a?sig=abc%2F&st=1, https://host/a?sig=(hidden)&st=1",
        "https://host/a?X-Amz-Signature=abc, https://host/a?X-Amz-Signature=(hidden)",
    })
    void passwordsOfUrlsAreHidden(String text, String shown) {
        assertThat(Redaction.of(text)).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hdfs://host:8020/data/a@b",
                "hdfs://host:8020",
                "abfss://container@account.dfs.core.windows.net/a",
                "s3a://bucket/a",
                "file:///data/a:b@c",
                "training.executors is 4, at 12:30",
            })
    void allElseStaysAsItIs(String text) {
        assertThat(Redaction.of(text)).isEqualTo(text);
        Redaction.requireNoPassword("--out", text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "spark.authenticate.secret",
                "fs.s3a.access.key",
                "fs.s3a.session.token",
                "keyStorePassword",
                "hadoop.security.credential.provider.path",
                "store.passwd",
            })
    void secretsHaveTheseNames(String key) {
        assertThat(Redaction.isSecret(key)).isTrue();
    }

    @Test
    void noSettingOfOursIsTakenForASecret() {
        assertThat(Settings.of(java.util.List.of()).effective().keySet()).noneMatch(Redaction::isSecret);
    }

    @Test
    void aPathWithAPasswordIsRefusedWithoutIt() {
        assertThatThrownBy(() -> Redaction.requireNoPassword("--out", "s3a://id:secret@bucket/a"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "--out cannot be 's3a://(hidden)@bucket/a': a path must not hold a password, Hadoop takes it from its"
                                + " configuration or a credential provider");
    }

    @Test
    void noMessageShowsAPassword() {
        assertThat(new UserException("there is no s3a://id:secret@bucket/a"))
                .hasMessage("there is no s3a://(hidden)@bucket/a");
        assertThatThrownBy(() -> Settings.assignments(Map.of("store.password", "[abc"), "--set"))
                .isInstanceOf(UserException.class)
                .hasMessage("--set store.password=(hidden) cannot be used")
                .hasNoCause();
    }
}

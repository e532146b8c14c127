package org.sftn;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * S3 on loopback, with one bucket in memory, in a process of its own that ends with this object; and what its clients are told, which is
 * {@code deploy/object-store} with another endpoint.
 */
public final class S3Server implements AutoCloseable {
    /** A Spark home with a client for S3. */
    public static final Path SPARK_HOME = Path.of("target/spark-s3").toAbsolutePath();

    // One for all: the client's metrics have names that are unique within its classes.
    private static final ClassLoader CLIENT = client();

    private static final String BUCKET = "sftn";
    private static final Pattern LISTENS =
            Pattern.compile("Started \\S*ServerConnector\\S*\\{HTTP.*\\{(127\\.0\\.0\\.1:\\d+)}");
    private static final Pattern REQUEST = Pattern.compile("request: .*\\{([A-Z]+)@\\S+ http://[^/]+(/\\S+) HTTP/");

    private final Process process;
    private final Path log;
    private final Path conf;

    private S3Server(Process process, Path log, Path conf) {
        this.process = process;
        this.log = log;
        this.conf = conf;
    }

    /**
     * @param folder for its files
     * @param latency of each request, in ms
     */
    public static S3Server start(Path folder, int latency) throws IOException, InterruptedException {
        Path log = folder.resolve("s3.log");
        Path settings = Files.writeString(folder.resolve("s3.properties"), String.format(Locale.ROOT, """
                s3proxy.endpoint=http://127.0.0.1:0
                s3proxy.authorization=none
                s3proxy.latency-blobstore.*.latency=%d
                jclouds.provider=transient-nio2
                jclouds.identity=nobody
                jclouds.credential=nothing
                """, latency));
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        "target/s3proxy/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        settings.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        // It lists its requests then.
        builder.environment().put("LOG_LEVEL", "debug");
        builder.environment().putAll(TestJvm.shortLived());
        S3Server server = new S3Server(builder.start(), log, Files.createDirectories(folder.resolve("s3-conf")));
        try {
            server.open(server.address());
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private String address() throws IOException, InterruptedException {
        while (process.isAlive()) {
            Matcher listens = LISTENS.matcher(Files.readString(log));
            if (listens.find()) {
                return "http://" + listens.group(1);
            }
            Thread.sleep(50);
        }
        throw new IOException("the server has ended: " + Files.readString(log));
    }

    private void open(String address) throws IOException, InterruptedException {
        HttpRequest create = HttpRequest.newBuilder(URI.create(address + "/" + BUCKET))
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build();
        int status = HttpClient.newHttpClient()
                .send(create, HttpResponse.BodyHandlers.discarding())
                .statusCode();
        if (status != 200) {
            throw new IOException("no bucket: status " + status);
        }
        Configuration client = new Configuration(false);
        client.addResource(Path.of("deploy/object-store/core-site.xml").toUri().toURL());
        Map.of(
                        "fs.s3a.endpoint", address,
                        "fs.s3a.path.style.access", "true",
                        "fs.s3a.access.key", "nobody",
                        "fs.s3a.secret.key", "nothing")
                .forEach(client::set);
        try (OutputStream out = Files.newOutputStream(conf.resolve("core-site.xml"))) {
            client.writeXml(out);
        }
    }

    /** @param path without a slash at its start */
    public static String uri(String path) {
        return "s3a://" + BUCKET + "/" + path;
    }

    /** For {@code HADOOP_CONF_DIR}. */
    public Path conf() {
        return conf;
    }

    /** For this JVM, on whose class path there is no client. */
    public Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.addResource(
                new org.apache.hadoop.fs.Path(conf.resolve("core-site.xml").toUri()));
        configuration.set("fs.s3a.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem");
        configuration.setClassLoader(CLIENT);
        return configuration;
    }

    private static ClassLoader client() {
        try (Stream<Path> jars = Files.list(SPARK_HOME.resolve("jars"))) {
            return new URLClassLoader(jars.map(S3Server::url).toArray(URL[]::new), S3Server.class.getClassLoader());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Method and path of each request so far that names such keys. */
    public List<String> requests(String prefix) throws IOException {
        return REQUEST.matcher(Files.readString(log))
                .results()
                .map(each -> each.group(1) + " " + each.group(2))
                .filter(each -> each.contains(prefix))
                .toList();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}

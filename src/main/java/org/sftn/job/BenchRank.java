package org.sftn.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.TrainingSettings.Wire;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.engine.Engine;
import org.sftn.engine.GradientProgress;
import org.sftn.engine.TrainingExecutable;
import org.sftn.train.Objective;
import org.sftn.train.StepLoss;
import org.sftn.train.exchange.DirectPeers;
import org.sftn.train.exchange.DirectSettings;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Format;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.Rendezvous;
import org.sftn.train.exchange.Slice;
import org.sftn.train.loss.Loss;
import org.sftn.train.optimizer.Sgd;

/**
 * One rank of a measured distributed step, a process of its own on this machine. The process that starts the ranks gives each the secret
 * by its standard input, takes the port at which it listens from its standard output, gives all ports to all, and takes their answers.
 */
record BenchRank(Member me, Engine engine, Objective objective, Batch batch, int iterations, Wire wire) {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    // Until the virtual machine has compiled what an exchange runs.
    private static final int WARM_UP_EXCHANGES = 20;
    // Until the exchange has found out how it is faster.
    private static final int WARM_UP_STEPS = 16;
    private static final int SECRET_BYTES = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Medians, in milliseconds. */
    record Answer(
            double step,
            double computing,
            double exchange,
            @Nullable Double peakMemoryMib,
            double loss) {
        Answer slower(Answer other) {
            return new Answer(
                    Math.max(step, other.step),
                    Math.max(computing, other.computing),
                    Math.max(exchange, other.exchange),
                    peakMemoryMib == null || other.peakMemoryMib == null
                            ? null
                            : Double.valueOf(Math.max(peakMemoryMib, other.peakMemoryMib)),
                    loss);
        }

        double hiddenShare() {
            return Math.max(0, Math.min(1, 1 - (step - computing) / exchange));
        }
    }

    /** Takes turns with three kinds of steps, each begun by all ranks at the same time. */
    Answer measure() throws IOException {
        double[] computing = new double[iterations];
        double[] exchanging = new double[iterations];
        double[] both = new double[iterations];
        double last = Double.NaN;
        int threads = engine.threads();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        byte[] secret = HexFormat.of().parseHex(in.readLine());
        DirectSettings settings = DirectSettings.loopback(secret, TIMEOUT, threads);
        try (TrainingExecutable training = engine.compileForTraining(
                        objective.network(), objective.taps(), batch.size() * objective.views());
                StepLoss loss = objective.open(engine, Bench.shard(batch));
                DirectPeers peers = new DirectPeers(settings, me, own -> meet(own, in))) {
            training.load(objective.initialValues());
            Format format = Format.of(wire, training);
            Exchange exchange = peers.exchange(training.gradients(), training.parameters(), format);
            // Of its own, so that the other's rounds are all of one kind.
            Exchange alone = peers.exchange(training.gradients(), training.parameters(), format);
            Exchange meeting = peers.exchange(new float[me.ranks()], new float[me.ranks()], Format.EXACT);
            List<Slice> own = exchange.buckets().slices(me.rank());
            peers.join();
            try (Sgd sgd = Bench.sgd(training.parameters(), own, threads)) {
                Exchange.Update update = (slice, sum) -> {
                    if (!sgd.step(slice, sum, Bench.LEARNING_RATE)) {
                        throw new IllegalStateException("the weights are not finite any more");
                    }
                };
                Runnable round = () -> {
                    alone.begin(update);
                    alone.finish();
                };
                for (int i = 0; i < WARM_UP_EXCHANGES; i++) {
                    round.run();
                }
                for (int i = -WARM_UP_STEPS; i < iterations; i++) {
                    double computed = milliseconds(meeting, () -> backward(training, loss, values -> {}));
                    double exchanged = milliseconds(meeting, round);
                    double[] found = new double[1];
                    double step = milliseconds(meeting, () -> {
                        exchange.begin(update);
                        found[0] = backward(training, loss, exchange::ready);
                        exchange.finish();
                    });
                    last = found[0];
                    if (i >= 0) {
                        computing[i] = computed;
                        exchanging[i] = exchanged;
                        both[i] = step;
                    }
                }
            }
            peers.leave();
        }
        return new Answer(
                Bench.median(both), Bench.median(computing), Bench.median(exchanging), Bench.peakMemoryMib(), last);
    }

    private double backward(TrainingExecutable training, StepLoss loss, GradientProgress progress) {
        Loss found = loss.loss(batch, training.forward(loss.inputs(batch)), 0);
        if (!Double.isFinite(found.total())) {
            throw new IllegalStateException("the loss became " + found.total());
        }
        training.backward(found.gradients(), progress);
        return found.total();
    }

    private static double milliseconds(Exchange meeting, Runnable work) {
        meeting.begin((slice, sum) -> {});
        meeting.finish();
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static List<Rendezvous.Address> meet(Rendezvous.Address own, BufferedReader in) {
        System.out.println(own.port());
        try {
            List<Rendezvous.Address> addresses = new ArrayList<>();
            for (String port : in.readLine().split(" ")) {
                addresses.add(new Rendezvous.Address(own.host(), Integer.parseInt(port)));
            }
            return addresses;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts all ranks, and waits for them.
     *
     * @param command of a rank, without its number
     * @return the figures of the slowest
     * @throws UserException when a rank fails; it has said why
     */
    static Answer start(int ranks, List<String> command) throws IOException {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        List<Process> started = new ArrayList<>();
        try {
            for (int rank = 0; rank < ranks; rank++) {
                started.add(process(rank, command));
            }
            for (Process each : started) {
                tell(each, HexFormat.of().formatHex(secret));
            }
            List<BufferedReader> said =
                    started.stream().map(Process::inputReader).toList();
            List<String> ports = new ArrayList<>();
            for (BufferedReader each : said) {
                ports.add(line(each, ports.size()));
            }
            for (Process each : started) {
                tell(each, String.join(" ", ports));
            }
            Answer slowest = JSON.readValue(line(said.get(0), 0), Answer.class);
            for (int rank = 1; rank < ranks; rank++) {
                slowest = slowest.slower(JSON.readValue(line(said.get(rank), rank), Answer.class));
            }
            return slowest;
        } finally {
            started.forEach(Process::destroy);
        }
    }

    private static Process process(int rank, List<String> command) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(ProcessHandle.current().info().command().orElse("java"));
        words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        words.addAll(command);
        words.add("--rank=" + rank);
        return new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void tell(Process rank, String line) throws IOException {
        Writer writer = rank.outputWriter(StandardCharsets.UTF_8);
        writer.write(line + "\n");
        writer.flush();
    }

    private static String line(BufferedReader from, int rank) throws IOException {
        String line = from.readLine();
        if (line == null) {
            throw new UserException("rank " + rank + " of --ranks has failed");
        }
        return line;
    }
}

package org.sftn.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sftn.conf.Settings;
import org.sftn.data.shard.Manifest;
import org.sftn.data.shard.Preparer;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import picocli.CommandLine.Command;

/**
 * Turns images into shards for training.
 *
 * <p>Input: {@code prepare.input}, a folder with the binary version of CIFAR-100, with ImageNet's or WebDataset's tars, with
 * image files in a folder per class or with files of tables; nothing for generated images.
 *
 * <p>Output: {@code train/} and {@code test/} with Parquet shards, {@code rejected.csv}, {@code manifest.json}, {@code run.json},
 * {@code result.json}. The manifest comes when all shards are there: without it there is no data set.
 *
 * <p>Example: {@code jobs/prepare.sh --config conf/cifar-100/prepare.conf --set prepare.input=cifar-100-binary --out
 * data/cifar-100}
 */
@Command(description = "Turn images into shards for training.")
final class PrepareJob implements Job {
    @Override
    public boolean usesEngine() {
        return false;
    }

    @Override
    public JobPlan plan(Session session) throws IOException {
        RunFolder folder = check(session);
        if (folder.finished() != null) {
            return JobPlan.nothing(
                    folder.alreadyFinished("data set " + folder.finished().dataset()));
        }
        Settings settings = session.settings();
        Preparer preparer = new Preparer(session.spark(), settings, settings.seed(), session.progress());
        List<String> lines = new ArrayList<>();
        preparer.check().forEach(line -> lines.add("Images   " + line));
        lines.add(String.format(
                Locale.ROOT,
                "Shards   of about %s with the images' %s",
                settings.effective().get("prepare.shard-size"),
                settings.effective().get("prepare.store")));
        return new JobPlan(lines, () -> prepare(session, preparer, folder));
    }

    private static RunFolder check(Session session) throws IOException {
        RunDescription run = RunDescription.of(
                "prepare",
                session.settings().effective(),
                key -> key.equals("seed") || key.startsWith("prepare."),
                null,
                null);
        return RunFolder.check(session.out(), run, Preparer.WRITTEN, session.existing(), session.hadoop());
    }

    private static String prepare(Session session, Preparer preparer, RunFolder folder) throws Exception {
        session.interruption()
                .advise("shards that are done are in " + session.out()
                        + "; the same command with --resume goes on with them");
        long start = System.nanoTime();
        Manifest manifest = folder.record(
                session.application(),
                lock -> preparer.prepare(session.out().toString()),
                done -> RunResult.prepared(folder.run(), done.identity(), speed(done, start)));
        return String.format(
                Locale.ROOT,
                "prepare done: %,d training and %,d test images of %d classes, %.1f images/s, in %s",
                manifest.train().images(),
                manifest.test().images(),
                manifest.classes(),
                speed(manifest, start),
                session.out());
    }

    /** Images/s. */
    private static double speed(Manifest manifest, long startNanos) {
        long images = manifest.train().images() + manifest.test().images();
        return images / ((System.nanoTime() - startNanos) / 1e9);
    }
}

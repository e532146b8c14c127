package org.sftn.job.run;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Sha256;
import org.sftn.train.platform.Stretch;

/**
 * What {@code run.json} says: all that decides the results, so that a run is continued with the same only; and what computes
 * it, with which it should be continued.
 *
 * @param fingerprint of what must not change while a run is continued
 * @param dataset the data set's identity; null when the job reads none
 * @param inputModel the identity of the model that the job reads, such as the teacher; null when there is none
 * @param configuration the settings that this job reads
 * @param computedBy all that has computed the run; null until its executors have said so
 */
public record RunDescription(
        String job,
        String codeVersion,
        String fingerprint,
        @Nullable String dataset,
        @Nullable String inputModel,
        SortedMap<String, String> configuration,
        @Nullable List<Stretch> computedBy) {
    /**
     * Places (what lies there has an identity), what changes speed and safety but no result, and a study's grid: it may grow, its
     * runs have identities of their own.
     */
    private static final Set<String> FREE = Set.of(
            "data.path",
            "data.memory",
            "distill.teacher",
            "evaluate.model",
            "evaluate.teacher",
            "predict.model",
            "prepare.max-rejected-share",
            "teacher.start-from",
            "training.attempts",
            "training.checkpoint-iterations",
            "training.exchange",
            "training.keep-checkpoints",
            "training.peer-timeout",
            "training.progress-interval",
            "training.retry-delay");

    /** What computes: a run may go on with another, as its {@link Stretch}es tell, and stays as it is when it is finished. */
    private static final Set<String> COMPUTING = Set.of(
            "data.decode-threads",
            "engine.name",
            "engine.precision",
            "engine.threads",
            "training.executors",
            "training.min-executors");

    /** @throws IllegalArgumentException when something is missing that each run has */
    public RunDescription {
        if (job == null || configuration == null || configuration.containsValue(null)) {
            throw new IllegalArgumentException("a run needs its job and its configuration");
        }
        configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
    }

    /** @param read tells the keys that the job reads */
    public static RunDescription of(
            String job,
            SortedMap<String, String> settings,
            Predicate<String> read,
            @Nullable String dataset,
            @Nullable String inputModel) {
        SortedMap<String, String> configuration = new TreeMap<>(settings);
        configuration.keySet().removeIf(read.negate());
        SortedMap<String, String> fixed = fixed(configuration);
        String all = job + "\n" + fixed + "\n" + dataset + "\n" + inputModel;
        return new RunDescription(
                job,
                BuildVersion.current().toString(),
                Sha256.of(all.getBytes(StandardCharsets.UTF_8)),
                dataset,
                inputModel,
                configuration,
                null);
    }

    RunDescription with(@Nullable List<Stretch> computing) {
        return new RunDescription(job, codeVersion, fingerprint, dataset, inputModel, configuration, computing);
    }

    /** Null when the job does not read it. */
    @Nullable
    Long seed() {
        String seed = configuration.get("seed");
        return seed == null ? null : Long.valueOf(seed);
    }

    private static SortedMap<String, String> fixed(SortedMap<String, String> configuration) {
        SortedMap<String, String> fixed = new TreeMap<>(configuration);
        fixed.keySet().removeIf(key -> FREE.contains(key) || COMPUTING.contains(key) || key.startsWith("study."));
        return fixed;
    }

    /** @return why this run cannot continue the other; empty when it can */
    List<String> differencesFrom(RunDescription other) {
        List<String> differences = new ArrayList<>();
        if (!job.equals(other.job)) {
            differences.add(String.format(Locale.ROOT, "the job was %s, now %s", other.job, job));
        }
        if (!Objects.equals(dataset, other.dataset)) {
            differences.add(String.format(Locale.ROOT, "the data set was %s, now %s", other.dataset, dataset));
        }
        if (!Objects.equals(inputModel, other.inputModel)) {
            differences.add(
                    String.format(Locale.ROOT, "the model it reads was %s, now %s", other.inputModel, inputModel));
        }
        differences.addAll(differences(fixed(other.configuration), fixed(configuration)));
        return differences;
    }

    /** @return what computes this run otherwise than the other, for people */
    List<String> changesFrom(RunDescription other) {
        return differences(computing(other.configuration), computing(configuration));
    }

    private static SortedMap<String, String> computing(SortedMap<String, String> configuration) {
        SortedMap<String, String> computing = new TreeMap<>(configuration);
        computing.keySet().retainAll(COMPUTING);
        return computing;
    }

    private static List<String> differences(SortedMap<String, String> before, SortedMap<String, String> now) {
        List<String> differences = new ArrayList<>();
        Set<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(now.keySet());
        for (String key : keys) {
            if (!Objects.equals(before.get(key), now.get(key))) {
                differences.add(String.format(
                        Locale.ROOT,
                        "%s was %s, now %s",
                        key,
                        before.getOrDefault(key, "not set"),
                        now.getOrDefault(key, "not set")));
            }
        }
        return differences;
    }
}

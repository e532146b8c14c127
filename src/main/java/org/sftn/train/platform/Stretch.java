package org.sftn.train.platform;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Iterations that one set of executors has computed, and what they compute with.
 *
 * @param afterIteration how many were done before
 * @param ranks executors, at least 1
 * @param platforms by rank, or the one that all ranks have
 */
public record Stretch(long afterIteration, int ranks, List<Platform> platforms) implements Serializable {
    /** @throws IllegalArgumentException when there are neither as many platforms as ranks nor one */
    public Stretch {
        platforms = List.copyOf(platforms);
        if (ranks < 1 || (platforms.size() != ranks && platforms.size() != 1)) {
            throw new IllegalArgumentException(platforms.size() + " platforms of " + ranks + " ranks");
        }
    }

    /** @param byRank at least one */
    public static Stretch of(long afterIteration, List<Platform> byRank) {
        boolean alike = byRank.stream().distinct().count() == 1;
        return new Stretch(afterIteration, byRank.size(), alike ? byRank.subList(0, 1) : byRank);
    }

    private Platform platform(int rank) {
        return platforms.get(platforms.size() == 1 ? 0 : rank);
    }

    /** What was computed before, and this; where nothing has changed it is one stretch with the last one. */
    public List<Stretch> after(List<Stretch> before) {
        List<Stretch> all = new ArrayList<>(before);
        if (before.isEmpty() || !differencesFrom(last(before)).isEmpty()) {
            all.add(this);
        }
        return all;
    }

    public static Stretch last(List<Stretch> stretches) {
        return stretches.get(stretches.size() - 1);
    }

    /** What computes otherwise than before, for people; empty when the bits do not change. */
    public List<String> differencesFrom(Stretch before) {
        List<String> differences = new ArrayList<>();
        if (ranks != before.ranks) {
            differences.add(ranks + (ranks == 1 ? " rank" : " ranks") + " instead of " + before.ranks);
        }
        // One stands for all ranks where all are alike on both sides.
        int both = Math.min(Math.min(ranks, before.ranks), Math.max(platforms.size(), before.platforms.size()));
        Map<String, List<Integer>> byText = new LinkedHashMap<>();
        for (int rank = 0; rank < both; rank++) {
            for (String text : platform(rank).differencesFrom(before.platform(rank))) {
                byText.computeIfAbsent(text, any -> new ArrayList<>()).add(rank);
            }
        }
        byText.forEach((text, where) -> differences.add(where.size() == both ? text : text + on(where)));
        return differences;
    }

    /** What ranks have that rank 0 has not, for people; empty when all are alike. */
    public List<String> differencesAmongRanks() {
        return differencesFrom(new Stretch(afterIteration, ranks, platforms.subList(0, 1)));
    }

    private static String on(List<Integer> ranks) {
        return ranks.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(", ", ranks.size() == 1 ? " on rank " : " on ranks ", ""));
    }
}

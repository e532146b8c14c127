package org.sftn.distill;

import org.sftn.engine.Arithmetic;
import org.sftn.train.RankLabels;

/** Where a method computes: on one executor with its images. */
public record MethodContext(RankLabels shard, Arithmetic arithmetic) {}

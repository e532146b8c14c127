package org.sftn.distill;

import org.sftn.engine.Arithmetic;
import org.sftn.train.Shard;

/** Where a method computes: on one executor with its images. */
public record Place(Shard shard, Arithmetic arithmetic) {}

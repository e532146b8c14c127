package org.sftn.data;

import java.io.Serializable;

/** What a rank is given of a split: the images themselves, or where to read them again and again. */
public sealed interface RankData extends Serializable permits Sample, ShardRange {}

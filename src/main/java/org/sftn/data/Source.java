package org.sftn.data;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/** Where the prepare job takes images from. Made on the driver, where it checks what it can. */
interface Source {
    /** By label. */
    List<String> classNames();

    /** Height and width of the images that training will see. */
    int imageSize();

    /** How many images a split offers, those that turn out unusable included. */
    int count(Split split);

    /** Each candidate of a split once, in any order, read in parallel. */
    JavaRDD<Candidate> read(JavaSparkContext spark, Split split);
}

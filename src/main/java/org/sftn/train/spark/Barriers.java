package org.sftn.train.spark;

import java.io.Serializable;
import org.apache.spark.api.java.JavaRDD;
import scala.Function1;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** Spark's barrier stages, which its Java interface leaves out. */
public final class Barriers {
    private Barriers() {}

    /** The same partitions in a barrier stage; what follows without a shuffle is part of it. */
    public static <T> JavaRDD<T> of(JavaRDD<T> rdd, Class<T> type) {
        ClassTag<T> tag = ClassTag$.MODULE$.apply(type);
        Function1<Iterator<T>, Iterator<T>> same = new Same<>();
        return JavaRDD.fromRDD(rdd.rdd().barrier().mapPartitions(same, true, tag), tag);
    }

    private static final class Same<T> extends AbstractFunction1<Iterator<T>, Iterator<T>> implements Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public Iterator<T> apply(Iterator<T> partition) {
            return partition;
        }
    }
}

package org.sftn.train.bigdl;

import com.intel.analytics.bigdl.tensor.Storage;
import com.intel.analytics.bigdl.tensor.Storage$;
import com.intel.analytics.bigdl.tensor.Tensor;
import com.intel.analytics.bigdl.tensor.Tensor$;
import com.intel.analytics.bigdl.tensor.TensorNumericMath.TensorNumeric;
import org.sftn.engine.mkl.MklLibrary;
import org.sftn.shaded.scala.reflect.ClassTag;
import org.sftn.shaded.scala.reflect.ClassTag$;
import org.sftn.train.exchange.Slice;

/** The Scala side of BigDL's tensors, which sees Java's {@code float[]} as {@code Object}. */
final class BigDl {
    static {
        MklLibrary.require();
    }

    private BigDl() {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    static ClassTag<Object> floats() {
        return (ClassTag) ClassTag$.MODULE$.Float();
    }

    @SuppressWarnings("unchecked")
    static TensorNumeric<Object> numeric() {
        try {
            // A Scala object inside an object: its class cannot be named in Java.
            return (TensorNumeric<Object>)
                    Class.forName("com.intel.analytics.bigdl.tensor.TensorNumericMath$TensorNumeric$NumericFloat$")
                            .getField("MODULE$")
                            .get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this is not BigDL 0.13", e);
        }
    }

    /** A vector that shares the slice of the array; the slice is not empty. */
    static Tensor<Object> view(float[] array, Slice slice) {
        Storage<Object> storage = Storage$.MODULE$.apply(array, floats());
        return Tensor$.MODULE$.apply(
                storage, slice.offset() + 1, new int[] {slice.length()}, new int[] {1}, floats(), numeric());
    }

    static Tensor<Object> view(float[] array) {
        return view(array, new Slice(0, array.length));
    }

    static float[] array(Tensor<Object> tensor) {
        return (float[]) tensor.storage().array();
    }
}

package org.sftn.train.bigdl;

import java.io.Serializable;
import java.util.function.Function;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpoint;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.util.RpcUtils;
import org.apache.spark.util.Utils;
import scala.PartialFunction;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * A service of the driver for its executors over Spark's own RPC: authenticated and encrypted as Spark is. Messages travel as
 * bytes: an executor's RPC knows the classes of Spark, not those of the job's jar.
 */
public final class DriverService implements RpcEndpoint, AutoCloseable {
    /** What a task asks the driver, or only tells it. */
    @FunctionalInterface
    public interface Client {
        Serializable ask(Serializable question);
    }

    private final RpcEnv rpc;
    private final Function<Serializable, Serializable> answer;

    private DriverService(RpcEnv rpc, Function<Serializable, Serializable> answer) {
        this.rpc = rpc;
        this.answer = answer;
    }

    /**
     * @param name not in use by another service
     * @param answer called by several threads at once
     */
    public static DriverService start(String name, Function<Serializable, Serializable> answer) {
        RpcEnv rpc = SparkEnv.get().rpcEnv();
        DriverService service = new DriverService(rpc, answer);
        rpc.setupEndpoint(name, service);
        return service;
    }

    /** Asks a service from a task; an exception of the answering function comes back as an exception. */
    public static Client connect(String name) {
        SparkEnv env = SparkEnv.get();
        RpcEndpointRef driver = RpcUtils.makeDriverRef(name, env.conf(), env.rpcEnv());
        return question -> {
            byte[] answer = driver.askSync(Utils.serialize(question), ClassTag$.MODULE$.apply(byte[].class));
            return Utils.deserialize(answer, DriverService.class.getClassLoader());
        };
    }

    @Override
    public RpcEnv rpcEnv() {
        return rpc;
    }

    @Override
    public RpcEndpointRef self() {
        return rpc.endpointRef(this);
    }

    @Override
    public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
        return new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(Object message) {
                return message instanceof byte[];
            }

            @Override
            public BoxedUnit apply(Object message) {
                try {
                    Serializable question = Utils.deserialize((byte[]) message, DriverService.class.getClassLoader());
                    context.reply(Utils.serialize(answer.apply(question)));
                } catch (RuntimeException e) {
                    context.sendFailure(new IllegalStateException(e.toString()));
                }
                return BoxedUnit.UNIT;
            }
        };
    }

    @Override
    public PartialFunction<Object, BoxedUnit> receive() {
        return scala.PartialFunction$.MODULE$.empty();
    }

    @Override
    public void onError(Throwable cause) {
        throw new IllegalStateException("the driver's service failed", cause);
    }

    @Override
    public void onConnected(RpcAddress address) {}

    @Override
    public void onDisconnected(RpcAddress address) {}

    @Override
    public void onNetworkError(Throwable cause, RpcAddress address) {}

    @Override
    public void onStart() {}

    @Override
    public void onStop() {}

    @Override
    public void stop() {
        rpc.stop(self());
    }

    @Override
    public void close() {
        stop();
    }
}

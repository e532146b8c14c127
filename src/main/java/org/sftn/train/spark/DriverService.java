package org.sftn.train.spark;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpoint;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import org.apache.spark.util.Utils;
import org.jspecify.annotations.Nullable;
import scala.PartialFunction;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * A service of the driver for its executors over Spark's own RPC: authenticated and encrypted as Spark is. Messages travel as
 * bytes: an executor's RPC knows the classes of Spark, not those of the job's jar.
 */
public final class DriverService implements RpcEndpoint, AutoCloseable {
    /** What a task asks the driver, or only tells it. An exception of the driver's comes as one to the task. */
    public interface Client {
        /** For an answer that is there at once. */
        Serializable ask(Serializable question);

        /** For an answer that others must contribute to; waits until then, or until the thread is interrupted. */
        Serializable await(Serializable question);
    }

    /** The answers of the driver. */
    @FunctionalInterface
    public interface Answers {
        /** Called by several threads at once. What it returns may be completed later, by any thread. */
        CompletionStage<Serializable> to(Serializable question);
    }

    private static final Duration EVER = Duration.ofDays(365);

    private final RpcEnv rpc;
    private final Answers answers;

    private DriverService(RpcEnv rpc, Answers answers) {
        this.rpc = rpc;
        this.answers = answers;
    }

    /** @param name not in use by another service */
    public static DriverService start(String name, Answers answers) {
        RpcEnv rpc = SparkEnv.get().rpcEnv();
        DriverService service = new DriverService(rpc, answers);
        rpc.setupEndpoint(name, service);
        return service;
    }

    /** Reaches a service from a task. */
    public static Client connect(String name) {
        SparkEnv env = SparkEnv.get();
        RpcEndpointRef driver = RpcUtils.makeDriverRef(name, env.conf(), env.rpcEnv());
        RpcTimeout usual = RpcUtils.askRpcTimeout(env.conf());
        RpcTimeout ever = new RpcTimeout(new FiniteDuration(EVER.toSeconds(), TimeUnit.SECONDS), "no setting");
        return new Client() {
            @Override
            public Serializable ask(Serializable question) {
                return ask(question, usual);
            }

            @Override
            public Serializable await(Serializable question) {
                return ask(question, ever);
            }

            private Serializable ask(Serializable question, RpcTimeout timeout) {
                ClassTag<byte[]> bytes = ClassTag$.MODULE$.apply(byte[].class);
                return Utils.deserialize(
                        driver.askSync(Utils.serialize(question), timeout, bytes),
                        DriverService.class.getClassLoader());
            }
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
                    answers.to(question).whenComplete((answer, failure) -> reply(context, answer, failure));
                } catch (RuntimeException e) {
                    reply(context, null, e);
                }
                return BoxedUnit.UNIT;
            }
        };
    }

    /** @param failure null when there is an answer */
    private static void reply(RpcCallContext context, @Nullable Serializable answer, @Nullable Throwable failure) {
        if (failure == null) {
            context.reply(Utils.serialize(answer));
        } else {
            context.sendFailure(new IllegalStateException(failure.toString()));
        }
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

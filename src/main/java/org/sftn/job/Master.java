package org.sftn.job;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Cause;
import org.sftn.conf.UserException;

/** Spark's master: what Spark throws when there is none names neither it nor the reason. */
final class Master {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Pattern WRONG =
            Pattern.compile("(?:Could not parse Master URL|Invalid master URL|Asked to run locally with).*");
    private static final Pattern STANDALONE = Pattern.compile("spark://([^,]+:\\d{1,5}(?:,[^,]+:\\d{1,5})*)");

    /** What comes of an application that Spark has given up while it started: it depends on how far it had come. */
    private static final Pattern GIVEN_UP =
            Pattern.compile("on a running MetricsSystem|Cannot invoke \"org\\.apache\\.spark\\.|stopped|shut ?down");

    private static final String YARN = "yarn";
    private static final int RESOURCE_MANAGER_PORT = 8032;

    private Master() {}

    /**
     * Before an application starts: Spark would try for a minute, YARN's client for a quarter of an hour.
     *
     * @throws UnreachableMasterException when it is YARN or a standalone one, and nobody listens at any of its addresses
     */
    static void requireThere(String master, Configuration hadoop) {
        // Of a driver that YARN runs it is known.
        List<String> reasons = master.equals(YARN) && !YarnDriver.isHere()
                ? resourceManagers(hadoop).map(Master::refusal).toList()
                : refusals(master);
        if (!reasons.isEmpty() && reasons.stream().noneMatch(String::isEmpty)) {
            throw unreachable(master, reasons, null);
        }
    }

    /** Addresses of YARN's; there is one, or several of which one is active. */
    private static Stream<String> resourceManagers(Configuration hadoop) {
        Configuration yarn = new Configuration(hadoop);
        yarn.addResource("yarn-site.xml");
        String[] ids = yarn.getBoolean("yarn.resourcemanager.ha.enabled", false)
                ? yarn.getTrimmedStrings("yarn.resourcemanager.ha.rm-ids")
                : new String[] {""};
        return Stream.of(ids).map(id -> {
            String of = id.isEmpty() ? "" : "." + id;
            String host = yarn.getTrimmed("yarn.resourcemanager.hostname" + of, "0.0.0.0");
            String address = yarn.getTrimmed("yarn.resourcemanager.address" + of, host);
            return address.contains(":") ? address : address + ":" + RESOURCE_MANAGER_PORT;
        });
    }

    /** For an application that could not start: the same, or what it means. */
    static Exception missing(String master, Exception thrown) {
        String message = String.valueOf(thrown.getMessage());
        if (WRONG.matcher(message).matches()) {
            return new UserException("the master cannot be '" + master + "': " + message, thrown);
        }
        boolean refused = GIVEN_UP.matcher(Cause.of(thrown)).find();
        // Of Spark's settings; its own name says no more than that.
        if (!refused && thrown instanceof IllegalArgumentException) {
            return new UserException("Spark cannot start: " + message, thrown);
        }
        return explained(master, refused, thrown);
    }

    /** For an application that Spark has stopped: the same, or what it means. */
    static Exception lost(String master, Exception thrown) {
        return explained(master, false, thrown);
    }

    private static Exception explained(String master, boolean refused, Exception thrown) {
        List<String> reasons = refusals(master);
        if (reasons.isEmpty() || !refused && reasons.contains("")) {
            return thrown;
        }
        return unreachable(master, reasons, thrown);
    }

    /** @param reasons an address each; empty where somebody listens */
    private static UnreachableMasterException unreachable(
            String master, List<String> reasons, @Nullable Exception thrown) {
        List<String> said = reasons.stream()
                .map(reason -> reason.isEmpty()
                        ? "somebody is there, but takes no application: perhaps it is another port, or Spark's version or spark.authenticate differ"
                        : reason)
                .toList();
        return new UnreachableMasterException(
                "the master " + master + " cannot be reached: " + String.join("; ", said), thrown);
    }

    /** Why nobody listens, for each address of a standalone master; nothing of other masters, and of what is none. */
    private static List<String> refusals(String master) {
        Matcher standalone = STANDALONE.matcher(master);
        return standalone.matches()
                ? Stream.of(standalone.group(1).split(",")).map(Master::refusal).toList()
                : List.of();
    }

    /** Why nobody listens there; empty when somebody does. */
    private static String refusal(String address) {
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon);
        try (Socket socket = new Socket()) {
            InetAddress found = InetAddress.getByName(host);
            int port = Integer.parseInt(address.substring(colon + 1));
            socket.connect(new InetSocketAddress(found, port), Math.toIntExact(PATIENCE.toMillis()));
            return "";
        } catch (UnknownHostException e) {
            return "there is no host " + host;
        } catch (IOException | IllegalArgumentException e) {
            return address + ": " + e.getMessage();
        }
    }
}

package org.sftn.job;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sftn.conf.Cause;
import org.sftn.conf.UserException;

/** Spark's master: what Spark throws when there is none names neither it nor the reason. */
final class Master {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Pattern WRONG =
            Pattern.compile("(?:Could not parse Master URL|Invalid master URL|Asked to run locally with).*");
    private static final Pattern STANDALONE = Pattern.compile("spark://(.+)");
    private static final Pattern ADDRESS = Pattern.compile("(.+):(\\d{1,5})");

    /** What comes of an application that Spark has given up while it started: it depends on how far it had come. */
    private static final Pattern GIVEN_UP =
            Pattern.compile("on a running MetricsSystem|Cannot invoke \"org\\.apache\\.spark\\.|stopped|shut ?down");

    private Master() {}

    /** For an application that could not start: the same, or what it means. */
    static Exception missing(String master, Exception thrown) {
        String message = String.valueOf(thrown.getMessage());
        if (WRONG.matcher(message).matches()) {
            return new UserException("the master cannot be '" + master + "': " + message, thrown);
        }
        return explained(master, GIVEN_UP.matcher(Cause.of(thrown)).find(), thrown);
    }

    /** For an application that Spark has stopped: the same, or what it means. */
    static Exception lost(String master, Exception thrown) {
        return explained(master, false, thrown);
    }

    private static Exception explained(String master, boolean refused, Exception thrown) {
        Matcher standalone = STANDALONE.matcher(master);
        if (!standalone.matches()) {
            return thrown;
        }
        List<String> reasons = new ArrayList<>();
        for (String address : standalone.group(1).split(",")) {
            String reason = unreachable(address);
            if (!reason.isEmpty()) {
                reasons.add(reason);
            } else if (refused) {
                reasons.add(
                        address
                                + " is there, but takes no application: perhaps it is another port, or Spark's version or spark.authenticate differ");
            } else {
                return thrown;
            }
        }
        return new UnreachableMasterException(
                "the master " + master + " cannot be reached: " + String.join("; ", reasons), thrown);
    }

    /** Why nobody listens there; empty when somebody does. */
    private static String unreachable(String address) {
        Matcher hostAndPort = ADDRESS.matcher(address);
        if (!hostAndPort.matches()) {
            return "'" + address + "' is not HOST:PORT";
        }
        String host = hostAndPort.group(1);
        try (Socket socket = new Socket()) {
            InetAddress found = InetAddress.getByName(host);
            int port = Integer.parseInt(hostAndPort.group(2));
            socket.connect(new InetSocketAddress(found, port), Math.toIntExact(PATIENCE.toMillis()));
            return "";
        } catch (UnknownHostException e) {
            return "there is no host " + host;
        } catch (IOException | IllegalArgumentException e) {
            return address + ": " + e.getMessage();
        }
    }
}

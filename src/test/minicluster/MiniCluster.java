import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.server.namenode.NameNodeAdapter;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;

/**
 * HDFS and YARN in one process, on loopback, for the tests in org.sftn.cluster. Their class path holds the shaded classes of Hadoop,
 * which cannot share it with those of its servers: so they start this source file with {@code java -cp}.
 *
 * <p>Argument: the folder for all that is written; the clients' configuration goes to {@code conf} there. Answers each command on
 * stdin by a line on stdout, and ends with stdin.
 */
public final class MiniCluster {
    private static final String LOOPBACK = "127.0.0.1:0";

    private MiniCluster() {}

    public static void main(String[] arguments) {
        int code = 0;
        try {
            run(Path.of(arguments[0]).toAbsolutePath());
        } catch (Throwable e) {
            e.printStackTrace();
            code = 1;
        }
        // The servers' threads do not end by themselves.
        System.exit(code);
    }

    private static void run(Path folder) throws Exception {
        // Name node and data node are in one process, too.
        DefaultMetricsSystem.setMiniClusterMode(true);
        MiniDFSCluster hdfs = new MiniDFSCluster.Builder(
                        new Configuration(), folder.resolve("hdfs").toFile())
                .build();
        FileSystem files = hdfs.getFileSystem();
        FsPermission everybody = new FsPermission("1777");
        for (String path : new String[] {"/tmp", "/user", "/logs"}) {
            files.mkdirs(new org.apache.hadoop.fs.Path(path));
            files.setPermission(new org.apache.hadoop.fs.Path(path), everybody);
        }
        ResourceManager resources = new ResourceManager();
        resources.init(yarn(folder, files.getUri().toString()));
        resources.start();
        NodeManager node = new NodeManager();
        // The ports that the resource manager listens on are known by now.
        node.init(new YarnConfiguration(resources.getConfig()));
        node.start();

        Configuration clients = new Configuration(false);
        for (String key :
                new String[] {"fs.defaultFS", YarnConfiguration.RM_ADDRESS, YarnConfiguration.RM_SCHEDULER_ADDRESS}) {
            clients.set(key, node.getConfig().get(key));
        }
        // HDFS's clients read the first, YARN's both.
        for (String name : new String[] {"core-site.xml", "yarn-site.xml"}) {
            try (OutputStream out = Files.newOutputStream(
                    Files.createDirectories(folder.resolve("conf")).resolve(name))) {
                clients.writeXml(out);
            }
        }
        System.out.println("started");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            switch (command) {
                case "safemode enter" -> NameNodeAdapter.enterSafeMode(hdfs.getNameNode(), false);
                case "safemode leave" -> NameNodeAdapter.leaveSafeMode(hdfs.getNameNode());
                default -> throw new IOException("no such command: " + command);
            }
            System.out.println("done: " + command);
        }
        node.stop();
        resources.stop();
        hdfs.shutdown();
    }

    private static YarnConfiguration yarn(Path folder, String files) {
        YarnConfiguration conf = new YarnConfiguration();
        conf.set("fs.defaultFS", files);
        conf.set("hadoop.tmp.dir", folder.resolve("tmp").toString());
        for (String address : new String[] {
            YarnConfiguration.RM_ADDRESS,
            YarnConfiguration.RM_SCHEDULER_ADDRESS,
            YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
            YarnConfiguration.RM_ADMIN_ADDRESS,
            YarnConfiguration.RM_WEBAPP_ADDRESS,
            YarnConfiguration.NM_ADDRESS,
            YarnConfiguration.NM_LOCALIZER_ADDRESS,
            YarnConfiguration.NM_WEBAPP_ADDRESS,
            YarnConfiguration.NM_COLLECTOR_SERVICE_ADDRESS
        }) {
            conf.set(address, LOOPBACK);
        }
        conf.set("yarn.scheduler.capacity.root.queues", "default");
        conf.setInt("yarn.scheduler.capacity.root.default.capacity", 100);
        conf.setInt("yarn.scheduler.capacity.maximum-am-resource-percent", 1);
        conf.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 64);
        // Containers of the tests: small, more than this machine has cores, and never ended for their memory or a full
        // disk.
        conf.setInt(YarnConfiguration.NM_VCORES, 8);
        conf.setInt(YarnConfiguration.NM_PMEM_MB, 8192);
        conf.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, false);
        conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
        conf.setFloat(YarnConfiguration.NM_MAX_PER_DISK_UTILIZATION_PERCENTAGE, 100);
        conf.setInt(YarnConfiguration.NM_MIN_PER_DISK_FREE_SPACE_MB, 0);
        conf.set(YarnConfiguration.NM_LOCAL_DIRS, folder.resolve("local").toString());
        conf.set(YarnConfiguration.NM_LOG_DIRS, folder.resolve("logs").toString());
        conf.setBoolean(YarnConfiguration.LOG_AGGREGATION_ENABLED, true);
        conf.set(YarnConfiguration.NM_REMOTE_APP_LOG_DIR, "/logs");
        // Beside JAVA_HOME: options for the containers' JVMs.
        conf.set(YarnConfiguration.NM_ENV_WHITELIST, YarnConfiguration.DEFAULT_NM_ENV_WHITELIST + ",JAVA_TOOL_OPTIONS");
        // Else the logs here are deleted as soon as they are on HDFS.
        conf.setInt(YarnConfiguration.DEBUG_NM_DELETE_DELAY_SEC, 3600);
        return conf;
    }
}

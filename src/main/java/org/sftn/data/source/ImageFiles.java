package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * The image files at any depth of a folder.
 *
 * @param files by path
 * @param unreadable images whose names Hadoop cannot hold and links to nothing, in no order
 */
public record ImageFiles(List<Found> files, List<Unreadable> unreadable) {
    /** As torchvision's ImageFolder has them, in any case. */
    public static final List<String> EXTENSIONS =
            List.of(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp");

    /**
     * A file.
     *
     * @param name its path below the root
     * @param length in bytes
     * @param modified when, in milliseconds; 0 where the file system does not know
     */
    public record Found(String name, long length, long modified) {}

    /** @param name its path below the root, made printable */
    public record Unreadable(String name, String reason) {}

    /** Whether a name has the extension of an image. */
    public static boolean isImage(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return EXTENSIONS.stream().anyMatch(lower::endsWith);
    }

    /** Whether images have this extension; in lower case, with its dot. */
    static boolean isExtension(String extension) {
        return EXTENSIONS.contains(extension);
    }

    /**
     * @param root that names begin at
     * @param part the root or a folder below it
     * @param passedOver takes what is no image
     * @throws FileNotFoundException when it is not there
     * @throws UserException when a folder cannot be entered
     */
    public static ImageFiles find(Path root, Path part, PassedOver passedOver, Configuration hadoop)
            throws IOException {
        Finding finding = new Finding(root.getFileSystem(hadoop), root, passedOver, hadoop);
        finding.find(part);
        finding.files.sort(Comparator.comparing(Found::name, InputFolder.BY_NAME));
        return new ImageFiles(finding.files, finding.unreadable);
    }

    private static final class Finding {
        private final FileSystem system;
        private final Path root;
        private final int prefix;
        private final PassedOver passedOver;
        private final Configuration hadoop;
        private final List<Found> files = new ArrayList<>();
        private final List<Unreadable> unreadable = new ArrayList<>();
        private final Set<java.nio.file.Path> entered = new HashSet<>();

        Finding(FileSystem system, Path root, PassedOver passedOver, Configuration hadoop) {
            this.system = system;
            this.root = root;
            String whole = system.makeQualified(root).toString();
            this.prefix = whole.endsWith(Path.SEPARATOR) ? whole.length() : whole.length() + 1;
            this.passedOver = passedOver;
            this.hadoop = hadoop;
        }

        void find(Path part) throws IOException {
            Deque<Path> folders = new ArrayDeque<>(List.of(system.makeQualified(part)));
            enter(root);
            enter(part);
            while (!folders.isEmpty()) {
                Path next = folders.remove();
                InputFolder all = InputFolder.list(next, hadoop);
                String name = below(next);
                String folder = name.isEmpty() ? "" : Printable.of(name) + Path.SEPARATOR;
                all.hidden().forEach(each -> passedOver.add(PassedOver.Reason.HIDDEN, folder + Printable.of(each)));
                all.unreadable().forEach(each -> addUnreadable(folder, each));
                for (FileStatus each : all.folders()) {
                    Optional<java.nio.file.Path> real = InputFolder.real(each.getPath(), hadoop);
                    if (real.isEmpty() || entered.add(real.get())) {
                        folders.add(each.getPath());
                    } else {
                        passedOver.add(PassedOver.Reason.LOOP, Printable.of(below(each.getPath())));
                    }
                }
                for (FileStatus each : all.files()) {
                    String file = below(each.getPath());
                    if (isImage(file)) {
                        files.add(new Found(file, each.getLen(), each.getModificationTime()));
                    } else {
                        passedOver.add(PassedOver.Reason.NO_IMAGE, Printable.of(file));
                    }
                }
            }
        }

        /** A folder and those that it lies in. */
        private void enter(Path path) throws IOException {
            Optional<java.nio.file.Path> real = InputFolder.real(path, hadoop);
            for (java.nio.file.Path each = real.orElse(null); each != null; each = each.getParent()) {
                entered.add(each);
            }
        }

        private void addUnreadable(String below, InputFolder.Unreadable what) {
            String name = below + what.name();
            if (what.folder()) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s/%s, which may hold images, cannot be used: %s; %s it",
                        root,
                        name,
                        what.reason(),
                        what.reason().startsWith("its name") ? "rename" : "remove"));
            }
            if (isImage(name)) {
                unreadable.add(new Unreadable(name, what.reason()));
            } else {
                passedOver.add(PassedOver.Reason.NO_IMAGE, name);
            }
        }

        private String below(Path path) {
            String whole = path.toString();
            return whole.substring(Math.min(prefix, whole.length()));
        }
    }
}

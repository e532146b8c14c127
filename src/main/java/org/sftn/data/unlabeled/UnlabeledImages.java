package org.sftn.data.unlabeled;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.source.ImageFiles;
import org.sftn.data.source.InputFiles;
import org.sftn.data.source.InputFolder;
import org.sftn.data.source.PassedOver;
import org.sftn.data.source.TarListing;

/**
 * Images without labels where they lie, cut into parts. Made on the driver, which lists and reads none of them.
 *
 * @param parts in the order of their paths
 * @param identity a digest of the parts and the files' lengths and times: equal input, equal identity
 * @param remarks on what is not taken, in lines for people
 */
public record UnlabeledImages(List<UnlabeledPart> parts, String identity, List<String> remarks) {
    /** A part has no more files, whatever their size. */
    private static final int MOST_FILES = 4096;

    public UnlabeledImages {
        parts = List.copyOf(parts);
        remarks = List.copyOf(remarks);
    }

    /**
     * A file in a folder.
     *
     * @param name its path below the folder, or the whole path when the folder is empty
     */
    private record ImageInFolder(String folder, String name, long length) implements UnlabeledImage, Serializable {
        @Override
        public byte[] read(InputFiles files) throws IOException, UnusableImageException {
            return files.whole(folder + name, ImageFile.MAX_FILE_BYTES);
        }

        @Override
        public String name() {
            return Printable.of(name);
        }
    }

    /** What cannot be read. */
    private record Unreadable(String name, String reason) implements Serializable {}

    /** Image files. */
    private record FilesPart(List<ImageInFolder> files, List<Unreadable> unreadable) implements UnlabeledPart {
        @Override
        public Iterator<UnlabeledImage> images(Configuration hadoop) {
            return Stream.<UnlabeledImage>concat(
                            unreadable.stream().map(each -> UnlabeledImage.unusable(each.name(), each.reason())),
                            files.stream())
                    .iterator();
        }
    }

    /** A tar; its damage is an unusable image of its name. */
    private record TarPart(String file, long length) implements UnlabeledPart {
        private record InTar(String file, String name, long offset, long length) implements UnlabeledImage {
            @Override
            public byte[] read(InputFiles files) throws IOException, UnusableImageException {
                if (length > ImageFile.MAX_FILE_BYTES) {
                    throw new UnusableImageException(ImageFile.TOO_LONG);
                }
                return files.part(file, offset, (int) length);
            }
        }

        @Override
        public Iterator<UnlabeledImage> images(Configuration hadoop) throws IOException {
            Path path = new Path(file);
            TarListing listing;
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                listing = TarListing.of(in, 0, length);
            }
            String tar = Printable.of(path.getName());
            Stream<UnlabeledImage> whole = listing.entries().stream()
                    .filter(entry -> !entry.isHidden() && ImageFiles.isImage(entry.name()))
                    .map(entry -> new InTar(file, tar + "/" + entry.name(), entry.offset(), entry.length()));
            Stream<UnlabeledImage> unreadable = listing.unreadable().stream()
                    .filter(each -> ImageFiles.isImage(each.name()))
                    .map(each -> UnlabeledImage.unusable(tar + "/" + each.name(), each.reason()));
            Stream<UnlabeledImage> damage = Stream.ofNullable(listing.damage())
                    .map(each -> UnlabeledImage.unusable(
                            each.entry() == null ? tar : tar + "/" + each.entry(),
                            each.reason() + "; nothing behind it in the tar is read"));
            return Stream.concat(whole, Stream.concat(unreadable, damage)).iterator();
        }
    }

    /**
     * Image files: all at any depth of a folder, or those that a glob pattern matches, and those of the folders that it matches.
     *
     * @param key of the setting that names the input
     * @param partBytes about how many bytes of files a part has
     * @throws UserException when there are none, or they cannot be listed
     */
    public static UnlabeledImages files(String key, String input, long partBytes, Configuration hadoop)
            throws IOException {
        Found found = found(key, input, hadoop);
        PassedOver passedOver = new PassedOver(input);
        MessageDigest digest = Sha256.digest();
        List<ImageInFolder> files = new ArrayList<>();
        List<Unreadable> unreadable = new ArrayList<>();
        for (FileStatus each : found.matches()) {
            String path = each.getPath().toString();
            if (!each.isDirectory()) {
                if (ImageFiles.isImage(path)) {
                    files.add(new ImageInFolder("", path, each.getLen()));
                    digest(digest, path, each.getLen(), each.getModificationTime());
                } else {
                    passedOver.add(PassedOver.Reason.NO_IMAGE, Printable.of(path));
                }
                continue;
            }
            ImageFiles inFolder = ImageFiles.find(each.getPath(), each.getPath(), passedOver, hadoop);
            String folder = path + Path.SEPARATOR;
            // Folders that a pattern matches may have files of equal names.
            String above = found.single() ? folder : "";
            String below = found.single() ? "" : folder;
            for (ImageFiles.Found file : inFolder.files()) {
                files.add(new ImageInFolder(above, below + file.name(), file.length()));
                digest(digest, folder + file.name(), file.length(), file.modified());
            }
            inFolder.unreadable().stream()
                    .map(file -> new Unreadable(Printable.of(below) + file.name(), file.reason()))
                    .sorted(Comparator.comparing(Unreadable::name))
                    .forEach(unreadable::add);
        }
        if (files.isEmpty() && unreadable.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "there are no images in %s %s: no file there has one of the extensions %s",
                    key,
                    input,
                    String.join(", ", ImageFiles.EXTENSIONS)));
        }
        return new UnlabeledImages(
                parts(files, unreadable, partBytes), Sha256.hex(digest.digest()), passedOver.lines());
    }

    private static List<UnlabeledPart> parts(List<ImageInFolder> files, List<Unreadable> unreadable, long partBytes) {
        List<UnlabeledPart> parts = new ArrayList<>();
        if (!unreadable.isEmpty()) {
            parts.add(new FilesPart(List.of(), unreadable));
        }
        List<ImageInFolder> part = new ArrayList<>();
        long bytes = 0;
        for (ImageInFolder file : files) {
            if (!part.isEmpty() && (part.size() == MOST_FILES || bytes + file.length() > partBytes)) {
                parts.add(new FilesPart(List.copyOf(part), List.of()));
                part.clear();
                bytes = 0;
            }
            part.add(file);
            bytes += file.length();
        }
        if (!part.isEmpty()) {
            parts.add(new FilesPart(List.copyOf(part), List.of()));
        }
        return parts;
    }

    /**
     * The image files in tars: a tar, those that lie in a folder, or those that a glob pattern matches. Each is a part.
     *
     * @param key of the setting that names the input
     * @throws UserException when there are none, or they cannot be listed
     */
    public static UnlabeledImages tars(String key, String input, Configuration hadoop) throws IOException {
        PassedOver passedOver = new PassedOver(input);
        List<FileStatus> tars = new ArrayList<>();
        for (FileStatus each : found(key, input, hadoop).matches()) {
            List<FileStatus> files = List.of(each);
            if (each.isDirectory()) {
                InputFolder all = InputFolder.list(each.getPath(), hadoop);
                all.requireReadable(each.getPath(), TarListing.EXTENSION);
                all.hidden().forEach(name -> passedOver.add(PassedOver.Reason.HIDDEN, Printable.of(name)));
                files = all.files();
            }
            for (FileStatus file : files) {
                if (file.getPath().getName().endsWith(TarListing.EXTENSION)) {
                    tars.add(file);
                } else {
                    passedOver.add(
                            PassedOver.Reason.NO_TAR,
                            Printable.of(file.getPath().getName()));
                }
            }
        }
        if (tars.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "there are no tars in %s %s: no file there ends in %s",
                    key,
                    input,
                    TarListing.EXTENSION));
        }
        MessageDigest digest = Sha256.digest();
        tars.forEach(tar -> digest(digest, tar.getPath().toString(), tar.getLen(), tar.getModificationTime()));
        return new UnlabeledImages(
                tars.stream()
                        .<UnlabeledPart>map(tar -> new TarPart(tar.getPath().toString(), tar.getLen()))
                        .toList(),
                Sha256.hex(digest.digest()),
                passedOver.lines());
    }

    /**
     * What an input names.
     *
     * @param matches in the order of their paths
     * @param single whether it is a path, not a pattern
     */
    private record Found(List<FileStatus> matches, boolean single) {}

    private static Found found(String key, String input, Configuration hadoop) throws IOException {
        Path path = HadoopPath.of(key, input, hadoop);
        FileSystem files = path.getFileSystem(hadoop);
        Optional<FileStatus> single = single(files, path);
        if (single.isPresent()) {
            return new Found(List.of(single.get()), true);
        }
        FileStatus[] matches = files.globStatus(path);
        if (matches == null || matches.length == 0) {
            throw new UserException(String.format(Locale.ROOT, "%s cannot be read: there is no %s", key, path));
        }
        return new Found(
                Arrays.stream(matches)
                        .sorted(Comparator.comparing(each -> each.getPath().toString(), InputFolder.BY_NAME))
                        .toList(),
                false);
    }

    private static Optional<FileStatus> single(FileSystem files, Path path) throws IOException {
        try {
            return Optional.of(files.getFileStatus(path));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** An input is another one when this is of one of its files. */
    static void digest(MessageDigest digest, String path, long length, long modified) {
        digest.update((path + "\n" + length + "\n" + modified + "\n").getBytes(StandardCharsets.UTF_8));
    }
}

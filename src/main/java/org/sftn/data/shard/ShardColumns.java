package org.sftn.data.shard;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Type;
import shaded.parquet.org.apache.thrift.TConfiguration;
import shaded.parquet.org.apache.thrift.TException;
import shaded.parquet.org.apache.thrift.protocol.TCompactProtocol;
import shaded.parquet.org.apache.thrift.protocol.TProtocol;
import shaded.parquet.org.apache.thrift.protocol.TProtocolUtil;
import shaded.parquet.org.apache.thrift.transport.TIOStreamTransport;

/**
 * The columns of a Parquet file as {@link ShardFile.Writer} writes them: required, plain, not compressed. Parquet's own reader
 * allocates what a damaged length asks for; here every length is held to the file's.
 */
final class ShardColumns implements Closeable {
    private static final int MAGIC = ByteBuffer.wrap("PAR1".getBytes(StandardCharsets.US_ASCII))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getInt();
    /** The footer's length and the mark. */
    private static final int TAIL_BYTES = 8;

    private static final int MAX_FOOTER_BYTES = 4 << 20;
    private static final int MAX_LIST = 1 << 16;
    private static final int MAX_DEPTH = 32;

    static {
        // Of unknown fields, which are passed over by recursion.
        TProtocolUtil.setMaxSkipDepth(MAX_DEPTH);
    }

    private final FSDataInputStream in;
    private final long end;
    private final List<RowGroup> groups;

    private ShardColumns(FSDataInputStream in, long end, List<RowGroup> groups) {
        this.in = in;
        this.end = end;
        this.groups = groups;
    }

    /** @throws IOException also when it is no such file */
    static ShardColumns open(Path path, Configuration hadoop) throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        long length = files.getFileStatus(path).getLen();
        FSDataInputStream in = files.open(path);
        try {
            require(length >= Integer.BYTES + TAIL_BYTES, "it has " + length + " bytes, it is no Parquet file");
            ByteBuffer tail =
                    ByteBuffer.wrap(bytes(in, length - TAIL_BYTES, TAIL_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
            int footer = tail.getInt();
            require(tail.getInt() == MAGIC, "it does not end as a Parquet file");
            long end = length - TAIL_BYTES - footer;
            require(
                    footer > 0 && footer <= MAX_FOOTER_BYTES && end >= Integer.BYTES,
                    "its footer cannot have " + footer + " bytes");
            FileMetaData metadata = new FileMetaData();
            metadata.read(protocol(new ByteArrayInputStream(bytes(in, end, footer)), footer));
            return new ShardColumns(in, end, metadata.getRow_groups());
        } catch (TException e) {
            in.close();
            throw new IOException("its footer cannot be read: " + e.getMessage(), e);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static TProtocol protocol(InputStream in, int limit) throws TException {
        // The protocol holds strings and lists to its limits, the transport all else to that of the message.
        TConfiguration message = new TConfiguration(limit, limit, MAX_DEPTH);
        return new TCompactProtocol(new TIOStreamTransport(message, in), limit, MAX_LIST);
    }

    private static byte[] bytes(FSDataInputStream in, long at, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.seek(at);
        in.readFully(bytes);
        return bytes;
    }

    private static void require(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException(otherwise);
        }
    }

    int groups() {
        return groups.size();
    }

    long rows(int group) {
        return groups.get(group).getNum_rows();
    }

    Column column(int group, String name, Type type) throws IOException {
        for (ColumnChunk chunk : groups.get(group).getColumns()) {
            ColumnMetaData column = chunk.getMeta_data();
            if (column != null && column.getPath_in_schema().equals(List.of(name))) {
                require(
                        column.getType() == type
                                && column.getCodec() == CompressionCodec.UNCOMPRESSED
                                && column.getNum_values() == rows(group),
                        "its column " + name + " is not as prepare writes it");
                long first = column.getData_page_offset();
                long length = column.getTotal_compressed_size();
                require(
                        first >= Integer.BYTES && length >= 0 && length <= end - first,
                        String.format(Locale.ROOT, "its column %s cannot have %d bytes at %d", name, length, first));
                return new Column(name, first, first + length);
            }
        }
        throw new IOException("it has no column " + name);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** The values of one column in one row group, read page by page. */
    final class Column {
        private final String name;
        private final long last;
        private long at;
        private ByteBuffer page = ByteBuffer.allocate(0);

        private Column(String name, long first, long last) {
            this.name = name;
            this.at = first;
            this.last = last;
        }

        /** @throws IOException also behind the last value */
        int nextInt() throws IOException {
            fill(Integer.BYTES);
            return page.getInt();
        }

        /** @throws IOException also behind the last value */
        byte[] nextBytes() throws IOException {
            fill(Integer.BYTES);
            int length = page.getInt();
            require(
                    length >= 0 && length <= page.remaining(),
                    String.format(Locale.ROOT, "a value of its column %s cannot have %d bytes", name, length));
            byte[] value = new byte[length];
            page.get(value);
            return value;
        }

        private void fill(int bytes) throws IOException {
            while (!page.hasRemaining()) {
                nextPage();
            }
            require(page.remaining() >= bytes, "a page of its column " + name + " ends in a value");
        }

        private void nextPage() throws IOException {
            require(at < last, "its column " + name + " ends early");
            if (in.getPos() != at) {
                in.seek(at);
            }
            PageHeader header = new PageHeader();
            try {
                header.read(protocol(in, (int) Math.min(MAX_FOOTER_BYTES, last - at)));
            } catch (TException e) {
                throw new IOException("a page of its column " + name + " cannot be read: " + e.getMessage(), e);
            }
            int length = header.getCompressed_page_size();
            require(
                    header.getType() == PageType.DATA_PAGE
                            && header.isSetData_page_header()
                            && header.getData_page_header().getEncoding() == Encoding.PLAIN
                            && header.getUncompressed_page_size() == length,
                    "a page of its column " + name + " is not as prepare writes it");
            long first = in.getPos();
            require(
                    length >= 0 && length <= last - first,
                    String.format(Locale.ROOT, "a page of its column %s cannot have %d bytes", name, length));
            page = ByteBuffer.wrap(bytes(in, first, length)).order(ByteOrder.LITTLE_ENDIAN);
            at = first + length;
        }
    }
}

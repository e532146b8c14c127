package org.sftn.study.report;

import java.util.List;

/** A report, whatever it is written as. */
record Page(String title, List<String> lead, List<Section> sections) {
    Page {
        lead = List.copyOf(lead);
        sections = List.copyOf(sections);
    }

    record Section(String title, List<Block> blocks) {
        Section {
            blocks = List.copyOf(blocks);
        }
    }

    /** A part of a section. */
    sealed interface Block permits Paragraph, Heading, Facts, Tiles, Table, Figures, Folded {}

    record Paragraph(String text) implements Block {}

    /** Of what follows in a section. */
    record Heading(String text) implements Block {}

    record Facts(List<Fact> facts) implements Block {
        Facts {
            facts = List.copyOf(facts);
        }
    }

    record Fact(String name, String value) {}

    /** What is to be seen first. */
    record Tiles(List<Tile> tiles) implements Block {
        Tiles {
            tiles = List.copyOf(tiles);
        }
    }

    record Tile(String name, String value, String note) {}

    /** @param rows with a cell for each column; the first names the row */
    record Table(String caption, List<Column> columns, List<Row> rows) implements Block {
        Table {
            columns = List.copyOf(columns);
            rows = List.copyOf(rows);
        }
    }

    record Column(String name, Content content) {}

    enum Content {
        /** Of a few words. */
        TEXT,
        /** As long as it may be. */
        PROSE,
        NUMBER
    }

    record Row(Emphasis emphasis, List<String> cells) {
        Row {
            cells = List.copyOf(cells);
        }
    }

    enum Emphasis {
        NONE,
        BEST
    }

    /** @param key what the styles mean; of none for plots that say it themselves */
    record Figures(List<Entry> key, List<Figure> figures) implements Block {
        Figures {
            key = List.copyOf(key);
            figures = List.copyOf(figures);
        }
    }

    /** What is long and of use to few. */
    record Folded(String summary, List<Block> blocks) implements Block {
        Folded {
            blocks = List.copyOf(blocks);
        }
    }

    record Entry(Style style, String name) {}

    /** @param description what it shows, for those who do not see it */
    record Figure(String title, String description, Plot plot) {}
}

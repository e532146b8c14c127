package org.sftn.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.study.Cell;
import org.sftn.study.StudyFixture;
import org.sftn.study.StudyResult;
import org.sftn.study.TrainedRun;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportsTest {
    /** A column's border in Markdown: a bar that is not escaped. */
    private static final Pattern BORDER = Pattern.compile("(?<!\\\\)(?:\\\\\\\\)*\\|");

    private static Stream<StudyResult> studies() {
        return Stream.of(
                StudyFixture.pairs(),
                StudyFixture.grid(),
                StudyFixture.hostile(),
                StudyFixture.study("Nothing", List.of(), List.of()));
    }

    private static Stream<TrainedRun> runs() {
        return Stream.of(RunFixture.distill(), RunFixture.hostile(), RunFixture.unstarted());
    }

    private static Stream<String> pages() {
        return Stream.concat(studies().map(HtmlReport::of), runs().map(HtmlReport::of));
    }

    @ParameterizedTest
    @MethodSource("pages")
    void aPageIsWellFormedAndCanBeReadByAll(String page) throws Exception {
        Document document = parsed(page);

        Element html = document.getDocumentElement();
        assertThat(html.getAttribute("lang")).isEqualTo("en");
        assertThat(all(document, "title").get(0).getTextContent()).isNotBlank();
        assertThat(all(document, "h1")).hasSize(1);
        int level = 0;
        for (Element each : all(document, "*")) {
            if (each.getTagName().matches("h[1-6]")) {
                int its = each.getTagName().charAt(1) - '0';
                assertThat(its).as(each.getTextContent()).isLessThanOrEqualTo(level + 1);
                level = its;
            }
        }
        assertThat(all(document, "th")).allMatch(cell -> cell.hasAttribute("scope"));
        assertThat(all(document, "svg")).allSatisfy(svg -> {
            if (!svg.getAttribute("aria-hidden").equals("true")) {
                assertThat(svg.getAttribute("role")).isEqualTo("img");
                assertThat(svg.getAttribute("aria-labelledby").split(" "))
                        .allMatch(id -> ids(document).contains(id));
            }
        });
        assertThat(ids(document)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void aPageAsksForNothingElse(String page) throws Exception {
        assertThat(all(parsed(page), "*")).allSatisfy(element -> {
            assertThat(element.getTagName()).isNotIn("script", "link", "img", "iframe", "object");
            for (int at = 0; at < element.getAttributes().getLength(); at++) {
                String name = element.getAttributes().item(at).getNodeName();
                String value = element.getAttributes().item(at).getNodeValue();
                assertThat(name).doesNotStartWith("on").isNotEqualTo("src");
                assertThat(!name.equals("href") || value.startsWith("#")).isTrue();
            }
        });
        assertThat(page).doesNotContain("url(", "@import");
    }

    @Test
    void theSameStudyGivesTheSameBytes() {
        assertThat(HtmlReport.of(StudyFixture.pairs())).isEqualTo(HtmlReport.of(StudyFixture.pairs()));
        assertThat(MarkdownReport.of(StudyFixture.grid())).isEqualTo(MarkdownReport.of(StudyFixture.grid()));
        assertThat(CsvReport.of(StudyFixture.grid())).isEqualTo(CsvReport.of(StudyFixture.grid()));
    }

    @Test
    void aPageSaysWhatWasFound() throws Exception {
        Document document = parsed(HtmlReport.of(StudyFixture.pairs()));

        assertThat(titles(document))
                .containsExactly(
                        "At a glance",
                        "What was run",
                        "Results",
                        "Gain over the baseline",
                        "Learning curves",
                        "Convergence",
                        "Similarity to the teacher",
                        "Calibration",
                        "Cost",
                        "Students that are not done");
        assertThat(document.getDocumentElement().getTextContent())
                .contains("40 of 42", "No space left on device", "at does not fit wrn_40_2 and resnet8x4")
                .contains("6 comparisons", "with 0 inside")
                // 2 pairs and 3 seeds of a standard teacher at 0.92 and a friendly one at 1.31
                .contains("their teachers 13.38;");
        // One of each pair; equal ones do not occur here.
        assertThat(all(document, "tr"))
                .filteredOn(row -> row.getAttribute("class").equals("best"))
                .hasSize(2)
                .allMatch(row -> row.getTextContent().startsWith("crd best"));
        // By pair two plots and by method three; curves of three methods; likeness in three measures and calibration.
        assertThat(all(document, "figure")).hasSize(2 + 3 + 2 * 3 + 2 * 3 + 2);
    }

    @Test
    void variedSettingsAreLinesOrAMap() throws Exception {
        Document document = parsed(HtmlReport.of(StudyFixture.grid()));

        assertThat(titles(document)).contains("Varied settings").doesNotContain("Students that are not done");
        assertThat(all(document, "rect")).hasSize(16);
        assertThat(all(document, "desc"))
                .extracting(Element::getTextContent)
                .anyMatch(text -> text.startsWith("Mean top-1 by distill.kd.temperature and teacher.lambda-kl."))
                .anyMatch(text -> text.startsWith("Mean top-1 by teacher.lambda-kl. friendly, 1: "))
                .anyMatch(text -> text.startsWith("Mean top-1 by distill.kd.temperature. standard, 1: "));
    }

    @Test
    void aStudyWithoutStudentsHasNoTables() throws Exception {
        Document document = parsed(HtmlReport.of(StudyFixture.study("Nothing", List.of(), List.of())));

        assertThat(titles(document)).containsExactly("At a glance", "What was run");
    }

    @Test
    void namesOfOthersAreTexts() throws Exception {
        Document document = parsed(HtmlReport.of(StudyFixture.hostile()));
        String shown = StudyFixture.HOSTILE
                .replace("\u202e", "\\u202E")
                .replace("\u0007", "\\u0007")
                .replace('\uffff', '\ufffd');

        assertThat(all(document, "h1").get(0).getTextContent()).isEqualTo(shown);
        assertThat(all(document, "td")).extracting(Element::getTextContent).contains(shown);
    }

    @ParameterizedTest
    @MethodSource("studies")
    void rowsOfAMarkdownTableHaveEqualNumbersOfCells(StudyResult study) {
        int columns = 0;
        for (String line : MarkdownReport.of(study).split("\n")) {
            int borders =
                    line.startsWith("|") ? (int) BORDER.matcher(line).results().count() : 0;
            assertThat(columns == 0 || borders == 0 || borders == columns)
                    .as(line)
                    .isTrue();
            columns = borders;
        }
    }

    @Test
    void markdownHoldsTheTablesAndNoElements() {
        assertThat(MarkdownReport.of(StudyFixture.pairs()))
                .startsWith("# Which teacher suits small students?\n\nDo students learn")
                .contains("\n## Results\n", "| Method | Teacher | Seeds |", "| --- | --- | ---: |")
                .containsPattern("\\| \\*\\*crd\\*\\* \\| \\*\\*friendly\\*\\* \\| \\*\\*2 of 3\\*\\* \\|")
                .contains("No space left on device");
        assertThat(MarkdownReport.of(StudyFixture.hostile())).doesNotContainPattern("(?<!\\\\)<");
    }

    @Test
    void aSpreadsheetHasARowForEachStudentAndNoFormula() throws Exception {
        List<CSVRecord> rows = rows(CsvReport.of(StudyFixture.pairs()));

        assertThat(rows).hasSize(42);
        Cell first = StudyFixture.pairs().cells().get(1);
        Map<String, String> row = rows.get(1).toMap();
        assertThat(row)
                .containsEntry("teacher", "standard")
                .containsEntry("method", "kd")
                .containsEntry("seed", "1")
                .containsEntry("top1", Double.toString(first.student().top1()))
                .containsEntry("cka", Double.toString(first.similarity().cka()));
        assertThat(rows)
                .filteredOn(each -> each.get("state").equals("FAILED"))
                .singleElement()
                .satisfies(each -> assertThat(each.get("top1")).isEmpty());
        assertThat(rows(CsvReport.of(StudyFixture.grid())).get(0).toMap()).containsKey("teacher.lambda-kl");
        rows(CsvReport.of(StudyFixture.hostile()))
                .forEach(each -> assertThat(each.values()).noneMatch(cell -> cell.startsWith("=")));
    }

    @Test
    void aRunsReportHasItsEpochs() throws Exception {
        Document document = parsed(HtmlReport.of(RunFixture.distill()));

        assertThat(titles(document)).containsExactly("At a glance", "Training", "Epochs", "Provenance");
        assertThat(all(document, "figcaption"))
                .extracting(Element::getTextContent)
                .containsExactly(
                        "Loss",
                        "Accuracy",
                        "Terms of the training loss",
                        "Learning rate",
                        "Speed",
                        "Waits",
                        "Step, ms",
                        "Longest step, ms");
        assertThat(MarkdownReport.of(RunFixture.distill()))
                .contains("| Test top-1, % | 12.00 | 45.50 | 46.00 | 3 |", "- Seed: 1", "| distill.method | kd |");
        assertThat(rows(CsvReport.of(RunFixture.distill()))).hasSize(4);
        assertThat(titles(parsed(HtmlReport.of(RunFixture.unstarted())))).containsExactly("At a glance", "Provenance");
    }

    private static List<CSVRecord> rows(String csv) throws Exception {
        CSVFormat format = CSVFormat.DEFAULT
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get();
        try (CSVParser parser = CSVParser.parse(csv, format)) {
            return parser.getRecords();
        }
    }

    private static Document parsed(String page) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page)));
    }

    private static List<String> titles(Document document) {
        return all(document, "h2").stream().map(Element::getTextContent).toList();
    }

    private static List<String> ids(Document document) {
        return all(document, "*").stream()
                .map(element -> element.getAttribute("id"))
                .filter(id -> !id.isEmpty())
                .toList();
    }

    private static List<Element> all(Document document, String name) {
        NodeList nodes = document.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int at = 0; at < nodes.getLength(); at++) {
            elements.add((Element) nodes.item(at));
        }
        return elements;
    }
}

package org.sftn.study.report;

import java.util.ArrayList;
import java.util.List;
import org.sftn.conf.Printable;
import org.sftn.study.Group;
import org.sftn.study.StudyResult;
import org.sftn.study.Summary;
import org.sftn.study.Summary.Pair;

/**
 * The results of a study for a terminal, in ASCII: a table for each pair of networks. The epochs are those of a student until it is
 * as good as the baseline's are at their end; KL is the student's divergence from its teacher in nats.
 */
public final class TextReport {
    private static final String GAP = "  ";

    private TextReport() {}

    /** Lines, each with its end. */
    public static String of(StudyResult study) {
        StudyNames names = new StudyNames(study);
        StringBuilder text = new StringBuilder();
        for (Pair pair : Summary.of(study).pairs()) {
            text.append(Printable.of(ascii(StudyNames.pair(pair.networks()))))
                    .append(", top-1 on the test images in %\n");
            append(text, rows(names, pair));
        }
        return text.toString();
    }

    private static List<List<String>> rows(StudyNames names, Pair pair) {
        List<List<String>> rows = new ArrayList<>();
        String baseline = Printable.of(names.baseline());
        rows.add(List.of(
                "",
                "teacher",
                "student",
                "over student alone",
                "over " + baseline,
                "epochs to " + baseline,
                "KL",
                "agreement"));
        for (Group group : pair.groups()) {
            String label = Printable.of(names.label(group));
            rows.add(List.of(
                    group.teacher() == null ? label : label + " from " + Printable.of(group.teacher()),
                    ascii(Numbers.percent(group.teacherTop1().mean())),
                    ascii(Numbers.percent(group.top1().mean())),
                    ascii(Numbers.gain(group.gainOverAlone())),
                    ascii(Numbers.gain(group.gain())),
                    ascii(Numbers.reached(
                            group,
                            group.baseline(),
                            reached -> Numbers.fixed(reached.epochs().mean(), 1))),
                    ascii(Numbers.fixed(group.kl().mean(), 2)),
                    ascii(Numbers.percent(group.agreement().mean()))));
        }
        return rows;
    }

    private static void append(StringBuilder text, List<List<String>> rows) {
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                int at = column;
                int width = rows.stream()
                        .mapToInt(each -> each.get(at).length())
                        .max()
                        .orElse(0);
                String space = " ".repeat(width - row.get(column).length());
                line.append(column == 0 ? row.get(0) + space : GAP + space + row.get(column));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
    }

    private static String ascii(String text) {
        return text.equals(Numbers.NONE) ? "" : text.replace('−', '-').replace("→", "->");
    }
}

package org.sftn;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may know whom. */
class ArchitectureTest {
    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/org/sftn/shaded/"))
            .importPackages("org.sftn");

    private static final String EVERYTHING = "everything";
    private static final String NOTHING = "nothing of ours";
    private static final Pattern ROW =
            Pattern.compile("\\| `(?<name>[\\w.]+)` \\| (?<holds>.+) \\| (?<knows>[\\w., ]+) \\|");

    /** A row of the table of packages in docs/architecture.md. */
    record DocumentedPackage(String name, String holds, String knows) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<DocumentedPackage> documented() throws IOException {
        return Files.readAllLines(Path.of("docs/architecture.md")).stream()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> new DocumentedPackage(row.group("name"), row.group("holds"), row.group("knows")))
                .toList();
    }

    @Test
    void everyPackageIsDocumented() throws IOException {
        assertThat(documented().stream().map(each -> "org.sftn." + each.name()))
                .containsExactlyInAnyOrderElementsOf(
                        OURS.stream().map(JavaClass::getPackageName).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @MethodSource("documented")
    void packageSaysWhatItHolds(DocumentedPackage documented) throws IOException {
        Path file = Path.of("src/main/java/org/sftn", documented.name().split("\\."))
                .resolve("package-info.java");
        assertThat(file)
                .content()
                .isEqualTo("/** " + documented.holds().replaceAll("`([^`]+)`", "{@code $1}") + ". */\npackage org.sftn."
                        + documented.name() + ";\n");
    }

    @ParameterizedTest
    @MethodSource("documented")
    void packageKnowsOnly(DocumentedPackage documented) {
        if (documented.knows().equals(EVERYTHING)) {
            return;
        }
        String own = "org.sftn." + documented.name();
        Stream<String> known = documented.knows().equals(NOTHING)
                ? Stream.of()
                : Stream.of(documented.knows().split(", ")).map(one -> "org.sftn." + one + "..");
        String[] allowed = Stream.concat(Stream.of(own), known).toArray(String[]::new);
        check(noClasses()
                .that()
                .resideInAPackage(own)
                .should()
                .dependOnClassesThat(resideInAPackage("org.sftn..")
                        .and(not(resideInAPackage("org.sftn.shaded..")))
                        .and(not(resideInAnyPackage(allowed)))));
    }

    @Test
    void bigdlStaysBehindThreePackages() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.engine.bigdl..", "org.sftn.engine.mkl..", "org.sftn.train.bigdl..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("com.intel.analytics.bigdl..", "org.sftn.shaded.."))
                .because("a move to another BigDL must touch these packages alone"));
    }

    @Test
    void scalaStaysWhereItIsAskedFor() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.train.bigdl..", "org.sftn.train.spark..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("scala.."))
                .because("a move to another Scala must touch these packages alone"));
    }

    @Test
    void oneDnnStaysBehindOnePackage() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.engine.onednn..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.bytedeco.dnnl.."))
                .because("native memory and handles are looked after there alone"));
    }

    @Test
    void nativeMemoryIsForOneDnnAndTheDecoder() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.engine.onednn..")
                .and()
                .haveNameNotMatching("org\\.sftn\\.data\\.image\\.NativeImage.*")
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.bytedeco.."))
                .because("what is not freed is lost, and a wrong address ends the process"));
    }

    @Test
    void callsOfCStayInTheEngines() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("org.sftn.engine..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("com.sun.jna..")));
    }

    @Test
    void sparkIsForJobDataAndTrain() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.job..", "org.sftn.data..", "org.sftn.train..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.apache.spark.."))
                .because("networks, engines and methods must be usable without Spark"));
    }

    @Test
    void mainAloneEndsTheProcess() {
        check(noClasses()
                .that()
                .doNotHaveFullyQualifiedName("org.sftn.job.Main")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class));
    }

    @Test
    void noStaticFieldChanges() {
        check(fields().that().areStatic().should().beFinal().because("an executor runs several tasks in one JVM"));
    }

    private static void check(ArchRule rule) {
        // A package may have no class yet.
        rule.allowEmptyShould(true).check(OURS);
    }
}

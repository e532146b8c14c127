package org.sftn;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may know whom. */
class ArchitectureTest {

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/org/sftn/shaded/"))
            .importPackages("org.sftn");

    @ParameterizedTest
    @CsvSource({
        "conf,     ",
        "nn,       ",
        "data,     conf nn",
        "zoo,      conf nn",
        "engine,   conf nn",
        "model,    conf nn zoo",
        "train,    conf nn engine model data",
        "teacher,  conf nn engine model data zoo train",
        "distill,  conf nn engine model data zoo train",
        "evaluate, conf nn engine model data zoo train",
        "predict,  conf nn engine model data zoo train",
        "study,    conf evaluate",
        "export,   conf nn model zoo",
    })
    void packageKnowsOnly(String name, String known) {
        String[] allowed = Stream.concat(Stream.of(name), known == null ? Stream.of() : Stream.of(known.split(" ")))
                .map(one -> "org.sftn." + one + "..")
                .toArray(String[]::new);
        check(noClasses()
                .that()
                .resideInAPackage("org.sftn." + name + "..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.sftn..")
                        .and(not(resideInAPackage("org.sftn.shaded..")))
                        .and(not(resideInAnyPackage(allowed)))));
    }

    @Test
    void bigdlStaysBehindTwoPackages() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("org.sftn.engine.bigdl..", "org.sftn.train.bigdl..")
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
                .haveNameNotMatching("org\\.sftn\\.data\\.NativeImage.*")
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

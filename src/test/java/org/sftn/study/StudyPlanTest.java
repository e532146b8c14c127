package org.sftn.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.ConfigFile;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

class StudyPlanTest {
    private static final String KINDS = "study.teachers { standard { teacher.student = \"\" }, friendly {} }\n";

    @Test
    void oneTeacherServesAllMethodsAndAStudentAloneAllTeachers() {
        StudyPlan plan = plan(KINDS + """
                study {
                  pairs = ["resnet20 resnet8", "resnet20 resnet14"]
                  methods = [none, kd, at]
                  seeds = [1, 2]
                }
                """);
        // A standard teacher does not know its students.
        assertThat(plan.teachers())
                .extracting(TeacherRun::name)
                .containsExactlyInAnyOrder(
                        "resnet20/standard/seed-1",
                        "resnet20/standard/seed-2",
                        "resnet20-for-resnet8/friendly/seed-1",
                        "resnet20-for-resnet8/friendly/seed-2",
                        "resnet20-for-resnet14/friendly/seed-1",
                        "resnet20-for-resnet14/friendly/seed-2");
        assertThat(plan.students())
                .hasSize(2 * 2 * (1 + 2 * 2))
                .extracting(StudentRun::name)
                .doesNotHaveDuplicates();
        assertThat(plan.students())
                .filteredOn(student -> student.name().equals("resnet20-resnet8/friendly/at/seed-2"))
                .singleElement()
                .satisfies(student -> {
                    assertThat(student.teacherRun()).isEqualTo("resnet20-for-resnet8/friendly/seed-2");
                    assertThat(student.settings())
                            .isEqualTo(Map.of("distill.method", "at", "distill.student", "resnet8", "seed", "2"));
                });
        assertThat(plan.students())
                .filteredOn(student -> student.teacherRun() == null)
                .extracting(StudentRun::name)
                .contains("resnet8/none/seed-1");
    }

    @Test
    void settingsMultiplyOnlyTheRunsThatDependOnThem() {
        StudyPlan plan = plan(KINDS + """
                study {
                  pairs = ["resnet20 resnet8"]
                  methods = [none, kd, at]
                  vary { teacher.lambda-kl = [1, 3], distill.kd.temperature = [2, 4, 8] }
                }
                """);
        assertThat(plan.teachers()).hasSize(1 + 2);
        // kd: three of a standard teacher, six of friendly ones; at: one, two; one alone.
        assertThat(plan.students()).hasSize(3 + 6 + 1 + 2 + 1);
        assertThat(plan.students())
                .extracting(StudentRun::name)
                .contains(
                        "resnet20-resnet8/standard/kd/distill.kd.temperature-8/seed-1",
                        "resnet20-resnet8/friendly/at/teacher.lambda-kl-3/seed-1");
        assertThat(plan.teachers())
                .filteredOn(teacher -> teacher.name().contains("lambda-kl-1"))
                .singleElement()
                .satisfies(teacher -> assertThat(teacher.settings()).containsEntry("teacher.lambda-kl", "1"));
    }

    @Test
    void ofTeachersThatStartFromOthersTheOthersComeFirst() {
        StudyPlan plan = plan(KINDS + """
                study {
                  pairs = ["resnet20 resnet8"]
                  teachers.a-short-one { teacher.start-from = standard, training { epochs = 2, schedule.milestones = [1] } }
                }
                """);
        assertThat(plan.teachers())
                .extracting(TeacherRun::name)
                .containsSubsequence("resnet20/standard/seed-1", "resnet20-for-resnet8/a-short-one/seed-1");
        assertThat(plan.teachers())
                .filteredOn(teacher -> teacher.startsFrom() != null)
                .singleElement()
                .satisfies(teacher -> {
                    assertThat(teacher.startsFrom()).isEqualTo("resnet20/standard/seed-1");
                    assertThat(teacher.settings())
                            .containsEntry("training.schedule.milestones", "[1]")
                            .containsEntry("training.epochs", "2")
                            .doesNotContainKey("teacher.start-from");
                });
    }

    @Test
    void aStudentMayHaveSettingsOfItsOwnAndABranchlessTeacherIsCalledSo() {
        StudyPlan plan = plan(KINDS + """
                study {
                  pairs = ["resnet20 resnet8 resnet14"]
                  students.resnet8 { training.learning-rate = 0.01 }
                }
                """);
        assertThat(plan.students())
                .extracting(StudentRun::name)
                .containsExactly(
                        "resnet20-resnet8/standard-for-resnet14/kd/seed-1",
                        "resnet20-resnet8/friendly-for-resnet14/kd/seed-1");
        assertThat(plan.students().get(0).settings()).containsEntry("training.learning-rate", "0.01");
        assertThat(plan.teachers().get(1).settings()).containsEntry("teacher.student", "resnet14");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "methods = [kd] | a study needs study.pairs, study.methods and study.seeds, one of each at least",
                "pairs = [resnet20] | study.pairs has 'resnet20', it must be \"TEACHER STUDENT\" or \"TEACHER STUDENT BRANCHES\"",
                "pairs = [\"a b\"], baseline = good | study.baseline is 'good', the kinds of teacher in study.teachers are [friendly, standard]",
                "pairs = [\"a b\"], vary.engine.threads = [1] | study.vary cannot set 'engine.threads', but training.*, teacher.*, distill.*",
                "pairs = [\"a b\"], vary.training.epochs = 3 | study.vary.training.epochs must be a list of values such as [1, 2]",
                "pairs = [\"a b\"], vary.distill.method = [kd] | study.vary cannot set 'distill.method': study.pairs and study.methods do",
                "pairs = [\"a b\"], vary.training.epoch = [3] | the configuration cannot be used: unknown key 'training.epoch' (set by the job); did you mean 'training.epochs'?",
                "pairs = [\"a b\"], teachers.standard.distill.student = b | study.teachers.standard cannot set 'distill.student': study.pairs and study.methods do",
                "pairs = [\"a b\"], teachers { x { teacher.start-from = y }, y { teacher.start-from = x } } | the kinds of teacher in study.teachers start from each other: x, y",
            })
    void whatMakesNoPlanIsRefused(String study, String message) {
        assertThatThrownBy(() -> plan(KINDS + "study { " + study + " }"))
                .isInstanceOf(UserException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({
        "rq1, 9, 54",
        "rq2, 42, 741",
        "rq3, 39, 42",
        "rq4, 12, 24",
        "rq5, 6, 27",
        "trial-gain, 6, 15",
        "trial-loss, 7, 15"
    })
    void theReadyStudiesAreOfTheSizesThatTheySay(String name, int teachers, int students) {
        StudyPlan plan = StudyPlan.of(Settings.of(
                List.of(ConfigFile.read(new Path("conf/studies/" + name + ".conf"), new Configuration(false)))));
        assertThat(plan.teachers()).hasSize(teachers);
        assertThat(plan.students()).hasSize(students);
    }

    private static StudyPlan plan(String study) {
        Config config = ConfigFactory.parseString(study);
        return StudyPlan.of(Settings.of(List.of(config)));
    }
}

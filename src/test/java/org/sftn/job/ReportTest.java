package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command, on folders as the jobs leave them. */
class ReportTest {
    private static final String STUDY = """
                {"title": "A trial", "question": "", "code_versions": ["0.1.0"], "dataset": "d", "train_images": 4,
                 "test_images": 2, "teachers": [], "configuration": {}, "cells": [
                  {"name": "resnet8/none/seed-1", "networks": {"teacher": "resnet20", "student": "resnet8", "branches": "resnet8"},
                   "method": "none", "varied": {}, "seed": 1, "state": "DONE", "curve": [],
                   "student": {"top1": 0.61, "top5": 0.9, "loss": 1.5, "calibration_error": 0.1},
                   "student_core_hours": 1.5, "teacher_core_hours": 0}]}""";

    @TempDir
    private Path folder;

    @Test
    void aTrainingRunGetsAReportInItsFolder() throws IOException {
        Path run = run("distill");
        Files.writeString(run.resolve("result.json"), """
                {"job": "distill", "status": "failed", "message": "the loss is not a number"}""");
        Files.writeString(run.resolve("metrics.csv"), """
                epoch,iteration,learning_rate,train_loss,train_top1,test_top1,seconds
                1,10,0.05,2.5,0.1,,3.5
                2,20,0.05,2.0,0.3,0.25,3.5
                """);

        Ran ran = Ran.of("report", run.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEqualTo("the report is in file:" + run + "\n");
        assertThat(run.resolve("report.html")).content().contains("failed: the loss is not a number", "25.00 %");
        assertThat(run.resolve("report.md")).content().contains("| Test top-1, % | 25.00 | 25.00 | 25.00 | 2 |");
        assertThat(run.resolve("report.csv"))
                .content()
                .startsWith("epoch,iteration,")
                .contains("\n2,20,");
        // Made again, it replaces the older one.
        Files.writeString(run.resolve("report.csv"), "older");
        assertThat(Ran.of("report", run.toString()).code()).isZero();
        assertThat(run.resolve("report.csv")).content().startsWith("epoch,");
    }

    @Test
    void aStudyGetsAReportWhereItIsAskedFor() throws IOException {
        Path run = run("study");
        Path out = folder.resolve("elsewhere");
        Files.writeString(run.resolve("study.json"), STUDY);

        Ran ran = Ran.of("report", run.toString(), "--out", out.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(out.resolve("report.html")).content().contains("<h1>A trial</h1>", "61.00");
        assertThat(out.resolve("report.csv"))
                .content()
                .contains("resnet8/none/seed-1,resnet20,resnet8,resnet8,,none,1,DONE");
        assertThat(run.resolve("report.html")).doesNotExist();

        Files.writeString(out.resolve("report.html"), "mine");
        assertMistake(
                "file:" + out + "/report.html is there already: remove it, or take another folder",
                run.toString(),
                "--out",
                out.toString());
        assertThat(out.resolve("report.html")).hasContent("mine");
    }

    @Test
    void whatIsNoRunWithAReportIsRefused() throws IOException {
        Path study = run("study");
        assertMistake("file:" + folder + " holds no run: there is no run.json", folder.toString());
        assertMistake("file:" + study + " has no results yet: the study must come to its end first", study.toString());
        Path evaluation = run("evaluate");
        assertMistake(
                "file:" + evaluation
                        + " holds a run of the job 'evaluate': there are reports of teacher, distill and study alone",
                evaluation.toString());
        Files.writeString(study.resolve("study.json"), STUDY.replace("\"student\": {", "\"studend\": {"));
        assertThat(Ran.of("report", study.toString()).err())
                .contains("study.json cannot be read: ")
                .contains("the student 'resnet8/none/seed-1' is done and has no scores");
    }

    private Path run(String job) throws IOException {
        Path run = Files.createDirectories(folder.resolve(job));
        Files.writeString(run.resolve("run.json"), String.format(Locale.ROOT, """
                {"job": "%s", "code_version": "0.1.0", "fingerprint": "f", "dataset": "d", "configuration": {"seed": "1"}}""", job));
        return run;
    }

    private static void assertMistake(String message, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "report";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        Ran ran = Ran.of(all);
        assertThat(ran.code()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
    }
}

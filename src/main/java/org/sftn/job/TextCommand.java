package org.sftn.job;

/** A command that is no job: it answers with a text, without Spark and {@code --out}. */
interface TextCommand {
    String text() throws Exception;
}

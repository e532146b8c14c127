package org.sftn.job;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a job's command line left on the terminal. */
record Ran(int code, String out, String err) {
    static Ran main(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Ran(code, out.toString(), err.toString());
    }
}

/** The commands: {@code Main}, a class for each job, and what lies around them, from the command line to the exit code; only {@code Main} ends the process. */
package org.sftn.job;

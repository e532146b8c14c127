/** A file for each distillation method, what several of them share, and their table, {@code Methods}. */
package org.sftn.distill.method;

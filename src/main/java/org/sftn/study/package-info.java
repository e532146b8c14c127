/** The plan of a grid of runs, and what came of it, over seeds. */
package org.sftn.study;

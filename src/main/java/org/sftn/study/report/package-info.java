/** Reports of studies and of single runs: pages, plots, and the forms in which they are written. */
package org.sftn.study.report;

/** What a method declares and is served, and the objective that serves it. */
package org.sftn.distill;

/** Images without labels, in parts. */
package org.sftn.data.unlabeled;

/** Typed settings bound from HOCON, {@code UserException}, and what every package needs: files of any file system, texts. */
package org.sftn.conf;

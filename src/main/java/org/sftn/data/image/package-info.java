/** Image files and pixels: decoding, resizing, preprocessing. */
package org.sftn.data.image;

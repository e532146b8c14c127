/** Everything random: streams of numbers, and the order of images. */
package org.sftn.data.order;

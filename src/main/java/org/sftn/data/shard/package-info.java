/** Shards, the manifest, and how they are made. */
package org.sftn.data.shard;

/** What Spark does not offer in public: barrier stages, slots, its transport, metrics, RPC. */
package org.sftn.train.spark;

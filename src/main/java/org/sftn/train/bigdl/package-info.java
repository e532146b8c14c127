/** BigDL's all-reduce behind the same exchange. */
package org.sftn.train.bigdl;

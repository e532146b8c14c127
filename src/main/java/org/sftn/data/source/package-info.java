/** Where images come from: folders, tars, tables, generated ones. */
package org.sftn.data.source;

/**
 * npm:mqtt-packet writes the packets of npm:mqtt and aedes. This keeps it from making a buffer for each of the 65,536 packet numbers
 * at the first packet. They would hold 8 MB in every worker with a connection. Imported for its effect.
 */
import { writeToStream } from "mqtt-packet";

writeToStream.cacheNumbers = false;

/** What a decoder accepts of the parts of a packet that the specification leaves unlimited. */
export interface DecodeLimits {
  /** User Properties in one set of properties. More: ProtocolError 0x97. */
  readonly userPropertiesMax: number;
  /** Bytes of all names and values of one set of properties. More: ProtocolError 0x97. */
  readonly userPropertyBytesMax: number;
  /** True: what is beyond the limits is checked and left out, in place of the error. Default false. */
  readonly leavesOutExcess?: boolean;
}

/**
 * The defaults: far above what programs use (a handful of tracing headers), and low enough that a
 * flood of User Properties, which every subscriber would be sent, costs the flooder more than us.
 */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = {
  userPropertiesMax: 64,
  userPropertyBytesMax: 8_192,
};

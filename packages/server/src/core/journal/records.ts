/** First byte of each record in a batch. The numbers are the stored format: they never change their meaning. */
export const RECORD = {
  message: 1,
  addressed: 2,
  sent: 3,
  finished: 4,
  received: 5,
  dropped: 6,
  seen: 7,
  released: 8,
  retained: 9,
  cleared: 10,
  session: 11,
  subscribed: 12,
  unsubscribed: 13,
  deleted: 14,
} as const;

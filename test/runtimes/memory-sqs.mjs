// SQS as a port, in memory and by web standards alone: what the SQS client of keyfold asks of one.

/** Messages come back in order, and stay until they are deleted. Bodies and attributes are as they were sent. */
export function memorySqs() {
  const queues = new Map();
  let sent = 0;
  const messagesAt = (url) => {
    if (!queues.has(url)) queues.set(url, []);
    return queues.get(url);
  };
  const add = (url, { MessageBody: Body, MessageAttributes, MessageDeduplicationId }) => {
    const id = String(sent++);
    messagesAt(url).push({ Body, MessageAttributes, MessageDeduplicationId, ReceiptHandle: id });
    return { MessageId: id };
  };

  const operations = {
    SendMessage: (input) => add(input.QueueUrl, input),
    SendMessageBatch: ({ QueueUrl, Entries }) => ({
      Successful: Entries.map((entry) => ({ Id: entry.Id, ...add(QueueUrl, entry) })),
      Failed: [],
    }),
    ReceiveMessage: ({ QueueUrl, MaxNumberOfMessages = 1, MessageAttributeNames = [] }) => ({
      Messages: messagesAt(QueueUrl)
        .slice(0, MaxNumberOfMessages)
        .map(({ Body, ReceiptHandle, MessageAttributes = {} }) => ({
          ...{ Body, ReceiptHandle, MessageId: ReceiptHandle },
          MessageAttributes: Object.fromEntries(
            Object.entries(MessageAttributes).filter(([name]) => MessageAttributeNames.includes(name)),
          ),
        })),
    }),
    DeleteMessage({ QueueUrl, ReceiptHandle }) {
      const left = messagesAt(QueueUrl).filter((message) => message.ReceiptHandle !== ReceiptHandle);
      queues.set(QueueUrl, left);
      return {};
    },
  };

  return {
    messagesAt,
    send: async (command) =>
      operations[command.schema?.[2] ?? command.constructor.name.replace(/Command$/, "")](command.input),
  };
}

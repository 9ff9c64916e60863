// What our window worker does with a wake-up of an account that nobody has set up, written the way such a handler is
// usually written for Node.js: clients made once at start, ready for every step of the work. It reads the secret of the
// installation, the account and its window, finds neither, enters the refusal into the run journal and acknowledges the
// message.
import { randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { sheets } from "@googleapis/sheets";
import { JWT } from "google-auth-library";

const table = process.env.ERP_SYNC_STATE_TABLE;
const state = new DynamoDBClient({});
const secrets = new SecretsManagerClient({});
let pseudonym;
// Needed for a window that has work in it.
export const others = {
  queue: new SQSClient({}),
  evidence: new S3Client({}),
  spreadsheets: sheets({ version: "v4", auth: new JWT({ scopes: ["https://www.googleapis.com/auth/spreadsheets"] }) }),
};

async function item(pk, sk) {
  const found = await state.send(
    new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }),
  );
  return found.Item;
}

async function refuse(account) {
  const id = randomUUID();
  const at = new Date().toISOString();
  const entry = { id, function: "sige-window-sync", account, started_at: at, ended_at: at, outcome: "refused" };
  const put = {
    TableName: table,
    Item: {
      pk: { S: `run#${account}` },
      sk: { S: id },
      version: { N: "1" },
      index_pk: { S: "runs" },
      index_sk: { S: `${at}#${id}` },
      body: { S: JSON.stringify(entry) },
    },
    ConditionExpression: "attribute_not_exists(pk)",
  };
  await state.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: put }], ClientRequestToken: randomUUID() }));
}

export async function handler(event) {
  // Fetched with the first event, as ours does.
  const name = `erp-sync/${process.env.ERP_SYNC_STACK}/installation/pseudonym`;
  pseudonym ??= (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  const failed = [];
  for (const record of event.Records) {
    try {
      const wake = JSON.parse(record.body);
      const account = await item("account", wake.account);
      const window = await item(`window#${wake.account}`, wake.day);
      if (account || window) throw new Error("this handler is for measuring only");
      console.log(JSON.stringify({ level: "ERROR", message: "the invocation failed", account: wake.account }));
      await refuse(wake.account);
    } catch (error) {
      console.error(JSON.stringify({ level: "ERROR", message: error.message }));
      failed.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures: failed };
}

"""Drives the simulator with Google's own Python client.

Arguments: the simulator's base URL, the id of a spreadsheet with an empty tab `Dados` of 20 rows and 5
columns. The service account's key file comes on standard input.
"""

import json
import sys

from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError


def expect(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def refused(code, request):
    try:
        request.execute()
    except HttpError as error:
        expect(error.resp.status, code)
        return error.reason
    raise AssertionError(f"{request.methodId} was not refused with {code}")


def main():
    base_url, spreadsheet_id = sys.argv[1:3]
    key = json.load(sys.stdin)
    credentials = Credentials.from_service_account_info(
        key, scopes=["https://www.googleapis.com/auth/spreadsheets"]
    )
    service = build(
        "sheets",
        "v4",
        credentials=credentials,
        static_discovery=True,
        client_options={"api_endpoint": base_url},
    )
    sheets = service.spreadsheets()
    values = sheets.values()
    ident = {"spreadsheetId": spreadsheet_id}

    # Shape, under a field mask and without one.
    fields = "sheets(properties(sheetId,title,gridProperties/rowCount))"
    shape = sheets.get(**ident, fields=fields).execute()
    expect(shape, {"sheets": [{"properties": {"sheetId": 7, "title": "Dados", "gridProperties": {"rowCount": 20}}}]})
    expect(sheets.get(**ident).execute()["spreadsheetId"], spreadsheet_id)

    # Values.
    body = {"values": [["Código", "Dia"], [1, "x"], [None, ""], [2, "y"]]}
    written = values.update(**ident, range="Dados!A1", valueInputOption="RAW", body=body).execute()
    expect((written["updatedRange"], written["updatedCells"]), ("Dados!A1:B4", 7))
    columns = values.get(**ident, range="Dados!A2:B", majorDimension="COLUMNS", valueRenderOption="UNFORMATTED_VALUE").execute()
    expect(columns["values"], [[1, "", 2], ["x", "", "y"]])
    table = {"values": [["3", "z"]]}
    appended = values.append(
        **ident, range="Dados!A1:B1", valueInputOption="USER_ENTERED", insertDataOption="INSERT_ROWS", body=table,
        includeValuesInResponse=True, responseValueRenderOption="UNFORMATTED_VALUE",
    ).execute()
    # The blank third row ends the table that the range touches.
    expect(appended["tableRange"], "Dados!A1:B2")
    expect(appended["updates"]["updatedData"]["values"], [[3, "z"]])
    expect(values.get(**ident, range="Dados!A2:A6").execute()["values"], [["1"], ["3"], [], ["2"]])
    expect(values.clear(**ident, range="Dados!A3:B3", body={}).execute()["clearedRange"], "Dados!A3:B3")
    batch = {"valueInputOption": "RAW", "data": [{"range": "Dados!D1:D2", "majorDimension": "COLUMNS", "values": [["a", "b"]]}]}
    expect(values.batchUpdate(**ident, body=batch).execute()["totalUpdatedCells"], 2)
    found = values.batchGet(**ident, ranges=["Dados!D1:D", "Dados!E:E"]).execute()["valueRanges"]
    expect([one.get("values") for one in found], [[["a"], ["b"]], None])
    refused(400, values.get(**ident, range="Dados!A1:F1"))
    refused(400, values.get(**ident, range="Nada!A1"))
    refused(400, values.update(**ident, range="Dados!A1:A1", valueInputOption="INPUT_VALUE_OPTION_UNSPECIFIED", body=table))
    reason = refused(400, values.update(**ident, range="Dados!A1:B1", valueInputOption="RAW", body=body))
    assert "tried writing to row" in reason, reason

    # Typed cells, dates by their format, and no formula from a text.
    format_ = {"numberFormat": {"type": "DATE", "pattern": "dd/MM/yyyy"}}
    cells = [
        {"userEnteredValue": {"stringValue": "=1+1"}},
        {"userEnteredValue": {"numberValue": 46106}, "userEnteredFormat": format_},
        {},
    ]
    update = {
        "updateCells": {
            "start": {"sheetId": 7, "rowIndex": 9, "columnIndex": 0},
            "rows": [{"values": cells}],
            "fields": "userEnteredValue,userEnteredFormat.numberFormat",
        }
    }
    marker = {"metadataId": 77, "metadataKey": "sige.write", "metadataValue": "1:x:y", "visibility": "DOCUMENT", "location": {"sheetId": 7}}
    mark = {"createDeveloperMetadata": {"developerMetadata": marker}}
    grow = {"appendDimension": {"sheetId": 7, "dimension": "ROWS", "length": 5}}
    replies = sheets.batchUpdate(**ident, body={"requests": [grow, update, mark], "includeSpreadsheetInResponse": True}).execute()
    expect(replies["replies"][2]["createDeveloperMetadata"]["developerMetadata"]["metadataId"], 77)
    expect(replies["updatedSpreadsheet"]["sheets"][0]["properties"]["gridProperties"]["rowCount"], 26)
    expect(values.get(**ident, range="Dados!A10:C10").execute()["values"], [["=1+1", "25/03/2026"]])
    asked = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
    expect(values.get(**ident, range="Dados!B10", **asked).execute()["values"], [["25/03/2026"]])
    grid = sheets.get(**ident, ranges=["Dados!A10:B10"], includeGridData=True).execute()["sheets"][0]["data"][0]
    expect(grid["rowData"][0]["values"][1]["userEnteredFormat"], format_)

    # Markers: found by key, unique by id, all or nothing.
    before = values.get(**ident, range="Dados!A1:E").execute()
    again = {"requests": [{"deleteDimension": {"range": {"sheetId": 7, "dimension": "ROWS", "startIndex": 0, "endIndex": 9}}}, mark]}
    refused(400, sheets.batchUpdate(**ident, body=again))
    expect(values.get(**ident, range="Dados!A1:E").execute(), before)
    wanted = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "sige.write"}}]}
    found = sheets.developerMetadata().search(**ident, body=wanted).execute()["matchedDeveloperMetadata"]
    expect([one["developerMetadata"]["metadataValue"] for one in found], ["1:x:y"])
    expect(sheets.developerMetadata().get(**ident, metadataId=77).execute()["metadataKey"], "sige.write")
    drop = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 77}}}}
    sheets.batchUpdate(**ident, body={"requests": [drop]}).execute()
    refused(404, sheets.developerMetadata().get(**ident, metadataId=77))
    unknown = {"requests": [{"makeCoffee": {}}]}
    assert "makeCoffee" in refused(400, sheets.batchUpdate(**ident, body=unknown))
    refused(404, sheets.get(spreadsheetId="ninguem"))

    # A spreadsheet of our own.
    created = sheets.create(body={"properties": {"title": "Minha"}}).execute()
    expect(created["properties"]["title"], "Minha")
    expect(sheets.get(spreadsheetId=created["spreadsheetId"]).execute()["sheets"][0]["properties"]["title"], "Sheet1")


main()

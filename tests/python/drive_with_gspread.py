"""Drives the simulator with gspread and checks what a person would expect.

Arguments: the simulator's base URL, the id of a spreadsheet with the tab of `TAB` (a header of three
columns, no rows). The service account's key file comes on standard input.
"""

import json
import sys

import gspread
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials

TAB = "Vendas é/ou #1?"
GOOGLE = "https://sheets.googleapis.com/"


class Detour(requests.adapters.HTTPAdapter):
    """Sends what is meant for Google to the simulator."""

    def __init__(self, base_url):
        super().__init__()
        self.base_url = base_url

    def send(self, request, **options):
        assert request.url.startswith(GOOGLE), request.url
        request.url = self.base_url + request.url[len(GOOGLE):]
        return super().send(request, **options)


def expect(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def refused(code, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except gspread.exceptions.APIError as error:
        expect(error.code, code)
        return
    raise AssertionError(f"{call.__name__} was not refused with {code}")


def main():
    base_url, spreadsheet_id = sys.argv[1:3]
    key = json.load(sys.stdin)
    credentials = Credentials.from_service_account_info(
        key, scopes=["https://www.googleapis.com/auth/spreadsheets"]
    )
    session = AuthorizedSession(credentials)
    session.trust_env = False
    session.mount(GOOGLE, Detour(base_url))
    book = gspread.Client(auth=credentials, session=session).open_by_key(spreadsheet_id)

    # Opening.
    expect([sheet.title for sheet in book.worksheets()], [TAB, "Outra"])
    sheet = book.worksheet(TAB)
    expect((sheet.row_count, sheet.col_count), (1000, 26))
    expect(sheet.get_all_values(), [["Código", "Cliente", "Valor"]])

    # Writing as it is, and as if typed.
    sheet.update([["01", "=1+1", "3/2026"], [7, True, 1.5]], "A2", raw=True)
    expect(sheet.get("A2:C3"), [["01", "=1+1", "3/2026"], ["7", "TRUE", "1,5"]])
    sheet.update([["01", "'01", "3/2026"]], "A4", raw=False)
    expect(sheet.get("A4:C4", value_render_option="UNFORMATTED_VALUE"), [[1, "01", 46082]])
    expect(sheet.get("A4:C4"), [["1", "01", "3/2026"]])

    # Appending below the table.
    answer = sheet.append_row(["9", "Ana", "25/03/2026"], value_input_option="USER_ENTERED")
    expect(answer["updates"]["updatedRange"].split("!")[1], "A5:C5")
    expect(sheet.acell("C5", value_render_option="UNFORMATTED_VALUE").value, 46106)
    sheet.append_rows([["10", "Bia"], ["11", "Caio"]])
    expect(sheet.col_values(2), ["Cliente", "=1+1", "TRUE", "01", "Ana", "Bia", "Caio"])
    expect(sheet.row_values(6), ["10", "Bia"])

    # Many ranges at once; trailing blanks are left out.
    found = sheet.batch_get(["A1:C1", "B5:B", "Z1:Z"])
    expect([list(values) for values in found[:2]], [[["Código", "Cliente", "Valor"]], [["Ana"], ["Bia"], ["Caio"]]])
    expect(list(found[2]), [])
    sheet.batch_update([{"range": "A6", "values": [["100"]]}, {"range": "A7:B7", "values": [["110", "Davi"]]}])
    expect(sheet.get("A6:B7"), [["100", "Bia"], ["110", "Davi"]])

    # Finding.
    cell = sheet.find("Davi")
    expect((cell.row, cell.col), (7, 2))
    expect(sheet.find("ninguém"), None)
    expect(len(sheet.findall("Bia")), 1)

    # Rows, formats, sorting, size.
    sheet.format("A1:C1", {"textFormat": {"bold": True}})
    sheet.format("C2:C", {"numberFormat": {"type": "NUMBER", "pattern": "#,##0.00"}})
    expect(sheet.acell("C3").value, "1,50")
    sheet.insert_row(["0", "Primeira"], 2)
    expect(sheet.row_values(2), ["0", "Primeira"])
    sheet.delete_rows(2, 5)
    expect(sheet.col_values(2), ["Cliente", "Ana", "Bia", "Davi"])
    sheet.freeze(rows=1)
    sheet.sort((2, "des"), range="A2:C4")
    expect(sheet.col_values(2), ["Cliente", "Davi", "Bia", "Ana"])
    sheet.add_rows(10)
    expect(book.worksheet(TAB).row_count, sheet.row_count)
    sheet.batch_clear(["B2:B3"])
    expect(sheet.col_values(2), ["Cliente", "", "", "Ana"])

    # Tabs.
    added = book.add_worksheet("Nova", rows=5, cols=4)
    expect((added.row_count, added.col_count, added.get_all_values()), (5, 4, [[]]))
    refused(400, book.add_worksheet, "Nova", rows=1, cols=1)
    refused(400, added.update, [["x"]], "A6")
    refused(400, added.get, "A1:E1")
    added.append_row(["fora", "da", "grade", "mas", "cabe"])
    expect(book.worksheet("Nova").col_count, 5)
    book.del_worksheet(added)
    expect([sheet.title for sheet in book.worksheets()], [TAB, "Outra"])

    # All or nothing.
    before = sheet.get_all_values()
    changes = {
        "requests": [
            {"deleteDimension": {"range": {"sheetId": sheet.id, "dimension": "ROWS", "startIndex": 1, "endIndex": 3}}},
            {"updateCells": {"start": {"sheetId": 424242}, "rows": [], "fields": "userEnteredValue"}},
        ]
    }
    refused(400, book.batch_update, changes)
    expect(sheet.get_all_values(), before)

    sheet.clear()
    expect(sheet.get_all_values(), [[]])


main()
